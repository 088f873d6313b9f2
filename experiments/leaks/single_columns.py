"""How well one column alone tells the outcome."""

from dataclasses import dataclass
from math import sqrt

import numpy as np

from experiments.family import Labels
from experiments.metric import Numbers, evaluate
from experiments.metrics.auc import METRIC as AUC

# Up to so many values a number is taken for a code: its values need not stand in the order of the risk.
FEW_VALUES = 32
# By so many standard errors an AUC must lie above 1/2 to be more than chance: 3e-7 for a column, 1e-4 for hundreds.
BEYOND_CHANCE = 5.0
# So few rows of one outcome would be chance in many columns.
LEAST_ROWS = 30


@dataclass(frozen=True)
class Alone:
    """How one column alone ranks the outcome of the rows that hold a value: its AUC, and the score that has it.

    score has shape (n_rows,), higher is riskier, NaN where the row holds no value. errors: by how many standard errors
    of a column that knows nothing the AUC lies above 1/2.
    """

    auc: float
    errors: float
    score: Numbers

    @property
    def beyond_chance(self) -> bool:
        """Whether chance is out of the question."""
        return self.errors >= BEYOND_CHANCE


def alone(values: Numbers, y: Labels, *, category: bool) -> Alone:
    """What one encoded column, shape (n_rows,) with NaN where missing, tells of y.

    A number ranks by its value, in the better direction; a category, or a number of few values, by how often each of
    its values churned in the other half of the rows, so that a value of its own for every row tells nothing.
    """
    held = ~np.isnan(values)
    score = np.full(len(values), np.nan)
    positives, negatives = int((y[held] == 1).sum()), int((y[held] == 0).sum())
    if not min(positives, negatives):
        return Alone(0.5, 0.0, score)
    few = category or len(np.unique(values[held])) <= FEW_VALUES
    score[held] = _rates(values[held], y[held]) if few else values[held]
    auc = evaluate(AUC, y[held], score[held])
    if not few and auc < 0.5:
        auc, score = 1 - auc, -score
    return Alone(auc, (auc - 0.5) / _error(positives, negatives), score)


def _error(positives: int, negatives: int) -> float:
    """The standard error of the AUC of a column that knows nothing (Mann & Whitney 1947); with ties it is smaller."""
    return sqrt((positives + negatives + 1) / (12 * positives * negatives))


def _rates(values: Numbers, y: Labels) -> Numbers:
    """How often a row's value churned in the other half of the rows; near the average where it is rare there."""
    place = np.unique(values, return_inverse=True)[1]
    rates = np.empty(len(y))
    for half in (0, 1):
        fit = np.arange(len(y)) % 2 == half
        rows = np.bincount(place[fit], minlength=place.max() + 1)
        churned = np.bincount(place[fit], weights=y[fit], minlength=place.max() + 1)
        rates[~fit] = ((churned + y.mean()) / (rows + 1))[place[~fit]]
    return rates


@dataclass(frozen=True)
class Outcomes:
    """How many rows there are, and which share of them had the rarer outcome."""

    rows: int
    rarer: float

    def gives_away(self, purity: float) -> bool:
        """Whether enough rows have the rarer outcome almost without exception: at least a share of purity."""
        return self.rows >= LEAST_ROWS and self.rarer >= purity


def outcomes(y: Labels, among: np.ndarray) -> Outcomes:
    """The outcomes of the rows of a mask, shape (n_rows,); y holds all rows."""
    rare = y == (1.0 if y.mean() <= 0.5 else 0.0)
    return Outcomes(int(among.sum()), float(rare[among].mean()) if among.any() else 0.0)
