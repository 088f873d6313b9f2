"""A column that identifies customers."""

import re
from collections.abc import Iterator

import numpy as np

from experiments.leaks.check import LeakEvidence, LeakFinding, check
from experiments.metric import Numbers
from features.feature import FeatureColumn

NAMES = 0.5
LEAST_NAMES = 100
EXPECTED_TO_SHARE = 20.0
# The share of values that must look like dates for the column to be called one.
MOSTLY = 0.95
DATE = re.compile(
    r"\s*(\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./ ](\d{1,2}|[A-Za-z]{3,9})[-./ ]\d{2,4}|\d{8}\b)([ T].*)?"
)
# In seconds since 1970.
YEAR_1990, YEAR_2060 = 631_152_000, 2_840_140_800


@check("L005")
def identifier(evidence: LeakEvidence) -> tuple[LeakFinding, ...]:
    """No column is a name or a number that identifies a customer.

    Refused is a category with more than half as many values as there are customers, and a whole number that is constant
    per customer and shared by no two, where 20 pairs would share one if it were drawn at random from its range.
    """
    _, first, place = np.unique(evidence.training.customers, return_index=True, return_inverse=True)
    columns = zip(evidence.contract.columns, evidence.training.X.T, strict=True)
    return tuple(one for column, values in columns for one in _of(column, values, first=first, place=place))


def _of(column: FeatureColumn, values: Numbers, *, first: np.ndarray, place: np.ndarray) -> Iterator[LeakFinding]:
    held = values[~np.isnan(values)]
    remedy = _remedy(column, held, unique=len(held) == len(values) and len(np.unique(values[first])) == len(first))
    if column.type == "category":
        share = len(np.unique(held)) / len(first)
        if share > NAMES and len(np.unique(held)) >= LEAST_NAMES:
            yield LeakFinding(
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
        yield LeakFinding(
            column.name,
            expected,
            EXPECTED_TO_SHARE,
            f"column '{column.name}': no two of {len(each):,} customers share one of its whole numbers, where"
            f" {expected:,.0f} pairs would by chance, below {EXPECTED_TO_SHARE:g} is allowed: {remedy}",
        )


def _remedy(column: FeatureColumn, held: Numbers, *, unique: bool) -> str:
    """What to do with the column; unique: every customer has a value of its own, as a key needs."""
    if _are_dates(column, held):
        return (
            "it is a date, and future dates were not in training. Take it out of the spec, or replace it by the days"
            " from it to the observation."
        )
    key = ", or make it the key where there is none" if unique else ""
    return f"it identifies them and predicts nothing for new customers. Take it out of the spec{key}."


def _are_dates(column: FeatureColumn, held: Numbers) -> bool:
    """Whether almost all values are dates or times: texts such as 2024-03-31, numbers such as 20240331 or seconds."""
    different = np.unique(held)
    if column.type == "category":
        texts = [column.categories[int(one)] for one in different]
        return bool(texts) and sum(bool(DATE.match(text)) for text in texts) >= MOSTLY * len(texts)
    days = different[(different >= 19000101) & (different < 21000101)]
    month, day = days // 100 % 100, days % 100
    written = int(((month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)).sum())
    seconds = [different / unit for unit in (1, 1_000, 1_000_000)]
    since_1970 = max(int(((one >= YEAR_1990) & (one < YEAR_2060)).sum()) for one in seconds)
    return len(different) > 0 and max(written, since_1970) >= MOSTLY * len(different)
