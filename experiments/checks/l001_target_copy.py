"""A column that is the outcome itself, or has a value that only one outcome has."""

from collections.abc import Iterator

import numpy as np

from experiments.family import Labels
from experiments.leaks.check import Evidence, Finding, check
from experiments.leaks.single_columns import FEW_VALUES, Alone, outcomes
from experiments.metric import Numbers
from features.feature import FeatureColumn

ALMOST_PERFECT = 0.99


@check("L001")
def target_copy(evidence: Evidence) -> tuple[Finding, ...]:
    """No column alone ranks the outcome almost perfectly, and no value of one is kept for the rarer outcome.

    Judged among the rows that hold the column: an AUC of 0.99, five standard errors of a column that knows nothing; or
    a category, or one of two numbers, with 30 rows of which 99 in 100 have the rarer outcome.
    """
    X, y = evidence.training.X, evidence.training.y
    columns = enumerate(evidence.contract.columns)
    return tuple(one for place, column in columns for one in _of(column, X[:, place], y, evidence.alone[column.name]))


def _of(column: FeatureColumn, values: Numbers, y: Labels, alone: Alone) -> Iterator[Finding]:
    remedy = "it was written after the outcome. Take it out of the spec."
    if alone.auc >= ALMOST_PERFECT and alone.beyond_chance:
        yield Finding(
            column.name,
            alone.auc,
            ALMOST_PERFECT,
            f"column '{column.name}' alone ranks the outcome with AUC {alone.auc:.4f}, below {ALMOST_PERFECT} is"
            f" allowed: {remedy}",
        )
        return
    told = {value: outcomes(y, values == value) for value in _codes(column, values, y)}
    telling = {value: one for value, one in told.items() if one.gives_away(ALMOST_PERFECT)}
    if telling:
        value = max(telling, key=lambda one: telling[one].rows)
        rows, rarer = telling[value].rows, telling[value].rarer
        name = column.categories[int(value)] if column.type == "category" else f"{value:g}"
        yield Finding(
            column.name,
            rarer,
            ALMOST_PERFECT,
            f"column '{column.name}': of {rows:,} rows with '{name}', {rarer:.1%} have the rarer outcome, below"
            f" {ALMOST_PERFECT:.0%} is allowed: {remedy}",
        )


def _codes(column: FeatureColumn, values: Numbers, y: Labels) -> list[float]:
    """The values that are a code and no amount: those of a category of few values, or of a number that has two.

    None where all rows that hold a value have one outcome: then it tells by being there.
    """
    held = ~np.isnan(values)
    found: list[float] = np.unique(values[held]).tolist()
    few = len(found) <= (FEW_VALUES if column.type == "category" else 2)
    return found if few and len(np.unique(y[held])) > 1 else []
