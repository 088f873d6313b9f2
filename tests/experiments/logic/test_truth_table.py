"""Contradictions and superfluous rules, against a dense grid of customers."""

from itertools import product
from typing import Any

import numpy as np
from hypothesis import given, settings

from experiments.alerts import grammar
from experiments.logic import truth, truth_table
from tests.experiments.logic.random_conditions import COLUMNS, CONDITIONS

NUMBERS = [*np.arange(0.0, 10.25, 0.25), np.nan]
GRID = list(product([*NUMBERS, 10.5, 11.0, 12.0], NUMBERS, ["basic", "plus", "pro", None]))
DENSE = {
    "use": np.array([row[0] for row in GRID]),
    "score": np.array([row[1] for row in GRID]),
    "plan": np.array([row[2] for row in GRID], dtype=object),
}


@settings(max_examples=60, deadline=None)
@given(CONDITIONS)
def test_a_contradiction_is_true_of_nobody_and_anything_else_of_somebody(said: dict[str, Any]) -> None:
    rule = grammar.read(said)
    assert truth_table.is_contradiction(rule, COLUMNS) == (not (rule.truth(DENSE) == truth.TRUE).any())


@settings(max_examples=60, deadline=None)
@given(CONDITIONS, CONDITIONS)
def test_a_rule_is_covered_where_the_other_is_true_as_well(one: dict[str, Any], other: dict[str, Any]) -> None:
    rule, by = grammar.read(one), grammar.read(other)
    fires = rule.truth(DENSE) == truth.TRUE
    assert truth_table.is_covered(rule, by, COLUMNS) == bool(
        fires.any() and (by.truth(DENSE)[fires] == truth.TRUE).all()
    )


def test_a_missing_value_breaks_a_cover() -> None:
    low = grammar.read({"feature": "score", "at_most": 5})
    wide = grammar.read({"any": [{"feature": "score", "at_most": 7}, {"feature": "score", "missing": True}]})
    assert truth_table.is_covered(low, wide, COLUMNS) is True
    assert truth_table.is_covered(wide, low, COLUMNS) is False


def test_too_many_combinations_are_not_examined() -> None:
    columns = {f"x{place}": COLUMNS["use"] for place in range(20)}
    rule = grammar.read({"all": [{"feature": name, "above": 1} for name in columns]})
    assert truth_table.is_contradiction(rule, columns) is None
