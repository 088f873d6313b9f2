"""A column that names customers instead of describing them."""

from collections.abc import Iterator

import numpy as np

from experiments.check import Evidence, Finding, check
from experiments.metric import Numbers
from features.feature import FeatureColumn

NAMES = 0.5
LEAST_NAMES = 100
EXPECTED_TO_SHARE = 20.0


@check("L005")
def identifier(evidence: Evidence) -> tuple[Finding, ...]:
    """No column is a name or a number that was given to each customer once.

    Refused is a category with more than half as many values as there are customers, and a whole number that never
    changes and that no two customers share, where 20 pairs would share one if it were drawn at random from its range.
    """
    _, first, place = np.unique(evidence.training.customers, return_index=True, return_inverse=True)
    columns = zip(evidence.contract.columns, evidence.training.X.T, strict=True)
    return tuple(one for column, values in columns for one in _of(column, values, first=first, place=place))


def _of(column: FeatureColumn, values: Numbers, *, first: np.ndarray, place: np.ndarray) -> Iterator[Finding]:
    held = values[~np.isnan(values)]
    remedy = "it names them and says nothing of others. Take it out of the spec, or make it the key."
    if column.type == "category":
        share = len(np.unique(held)) / len(first)
        if share > NAMES and len(np.unique(held)) >= LEAST_NAMES:
            yield Finding(
                column.name,
                share,
                NAMES,
                f"column '{column.name}' has {share:.2f} values for each customer, up to {NAMES} is allowed: {remedy}",
            )
        return
    if len(held) < len(values) or (held % 1).any() or not np.array_equal(values, values[first][place]):
        return
    each: Numbers = values[first]
    expected = len(each) * (len(each) - 1) / 2 / (np.ptp(each) + 1)
    if expected >= EXPECTED_TO_SHARE and len(np.unique(each)) == len(each):
        yield Finding(
            column.name,
            expected,
            EXPECTED_TO_SHARE,
            f"column '{column.name}': no two of {len(each):,} customers share one of its whole numbers, where"
            f" {expected:,.0f} pairs would by chance, below {EXPECTED_TO_SHARE:g} is allowed: {remedy}",
        )
