"""What can be said of rules before any data: whether one can never be true, and whether one covers another.

Every bound of a rule cuts the line of its column; within a piece nothing changes. So the rule is judged, by its own
code, on all combinations of one value from each piece, and of missing values.
"""

from collections.abc import Mapping
from itertools import pairwise, product
from math import inf, nextafter, prod
from typing import Any

import numpy as np

from experiments.logic import truth
from experiments.logic.condition import Columns, Condition, KnownColumn, Values

# Combinations beyond which a rule, or a pair, is not examined.
MOST = 200_000
ANOTHER = "another value"


def is_contradiction(rule: Condition, columns: Columns) -> bool | None:
    """Whether it is true of no customer there could be; None where it has too many combinations."""
    table = _table((rule,), columns)
    return None if table is None else not (rule.truth(table) == truth.TRUE).any()


def is_covered(rule: Condition, by: Condition, columns: Columns) -> bool | None:
    """Whether the other rule is true wherever this one is; None where they have too many combinations."""
    table = _table((rule, by), columns)
    if table is None:
        return None
    fires = rule.truth(table) == truth.TRUE
    return bool(fires.any() and (by.truth(table)[fires] == truth.TRUE).all())


def _table(rules: tuple[Condition, ...], columns: Columns) -> Values | None:
    """A row for every combination of values that could matter to these rules; None where they are too many."""
    edges: dict[str, list[float | str]] = {}
    for rule in rules:
        for column, some in rule.edges().items():
            edges.setdefault(column, []).extend(some)
    values: Mapping[str, list[Any]] = {name: _pieces(some, columns[name]) for name, some in edges.items()}
    if prod(len(some) for some in values.values()) > MOST:
        return None
    rows = list(product(*values.values()))
    return {
        name: np.array([row[place] for row in rows], dtype=float if columns[name].type == "number" else object)
        for place, name in enumerate(values)
    }


def _pieces(edges: list[float | str], column: KnownColumn) -> list[Any]:
    """A value of each piece into which the edges cut the column, and the missing value."""
    if column.type == "category":
        named = sorted({str(edge) for edge in edges})
        others = [one for one in column.categories if one not in named][:1] if column.categories else [ANOTHER]
        return [*named, *others, None]
    low = -inf if column.minimum is None else column.minimum
    high = inf if column.maximum is None else column.maximum
    cuts = sorted({float(edge) for edge in edges})
    around = [one for cut in cuts for one in (nextafter(cut, -inf), cut, nextafter(cut, inf))] or [0.0]
    between = [below + (above - below) / 2 for below, above in pairwise(cuts)]
    ends = [one for one in (low, high) if abs(one) < inf]
    return [*sorted({one for one in (*around, *between, *ends) if low <= one <= high}), float("nan")]
