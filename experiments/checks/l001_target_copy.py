"""A column that equals the outcome, or has a value that occurs with one outcome only."""

from collections.abc import Iterator

import numpy as np

from experiments.family import Labels
from experiments.leaks.check import LeakEvidence, LeakFinding, check
from experiments.leaks.single_columns import FEW_VALUES, SingleColumnAuc, outcomes
from experiments.metric import Numbers
from features.feature import FeatureColumn

ALMOST_PERFECT = 0.99


@check("L001")
def target_copy(evidence: LeakEvidence) -> tuple[LeakFinding, ...]:
    """No column alone ranks the outcome almost perfectly, and no value occurs almost only with the rarer outcome.

    Refused, among the rows where the column is not missing: an AUC of 0.99, beyond chance; or a value of a category, or
    of a number with two values, with 30 rows of which 99 in 100 have the rarer outcome.
    """
    X, y = evidence.training.X, evidence.training.y
    columns = enumerate(evidence.contract.columns)
    return tuple(
        one for place, column in columns for one in _of(column, X[:, place], y, evidence.single_columns[column.name])
    )


def _of(column: FeatureColumn, values: Numbers, y: Labels, found: SingleColumnAuc) -> Iterator[LeakFinding]:
    remedy = "it was written after the outcome. Take it out of the spec."
    if found.auc >= ALMOST_PERFECT and found.beyond_chance:
        yield LeakFinding(
            column.name,
            found.auc,
            ALMOST_PERFECT,
            f"column '{column.name}' alone ranks the outcome with AUC {found.auc:.4f}, below {ALMOST_PERFECT} is"
            f" allowed: {remedy}",
        )
        return
    by_value = {value: outcomes(y, values == value) for value in _codes(column, values, y)}
    separating = {value: one for value, one in by_value.items() if one.separates_outcome(ALMOST_PERFECT)}
    if separating:
        value = max(separating, key=lambda one: separating[one].rows)
        rows, rarer = separating[value].rows, separating[value].rarer
        name = column.categories[int(value)] if column.type == "category" else f"{value:g}"
        yield LeakFinding(
            column.name,
            rarer,
            ALMOST_PERFECT,
            f"column '{column.name}': of {rows:,} rows with '{name}', {rarer:.1%} have the rarer outcome, below"
            f" {ALMOST_PERFECT:.0%} is allowed: {remedy}",
        )


def _codes(column: FeatureColumn, values: Numbers, y: Labels) -> list[float]:
    """The values to examine one by one: those of a category of few values, or of a number with two.

    Empty where all rows that are not missing have one outcome: that is missingness, which L002 finds.
    """
    held = ~np.isnan(values)
    found: list[float] = np.unique(values[held]).tolist()
    few = len(found) <= (FEW_VALUES if column.type == "category" else 2)
    return found if few and len(np.unique(y[held])) > 1 else []
