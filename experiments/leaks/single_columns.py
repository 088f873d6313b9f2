"""How well one column alone predicts the outcome: its AUC, and whether chance could explain it."""

from dataclasses import dataclass
from math import sqrt

import numpy as np

from experiments.family import Labels
from experiments.metric import Numbers, evaluate
from experiments.metrics.auc import METRIC as AUC

# A number of at most so many values is treated as a category: its risk need not rise or fall with the value.
FEW_VALUES = 32
# An AUC is beyond chance when it lies so many standard errors above 1/2: p = 3e-7 for a column, 1e-4 for hundreds.
BEYOND_CHANCE = 5.0
# With fewer rows, chance alone would give many columns a value with one outcome only.
LEAST_ROWS = 30


@dataclass(frozen=True)
class SingleColumnAuc:
    """The AUC of one column alone, among the rows where it is not missing, and the score that has this AUC.

    score has shape (n_rows,), higher is riskier, NaN where the value is missing. errors is the distance of the AUC from
    1/2 in standard errors of a column without information.
    """

    auc: float
    errors: float
    score: Numbers

    @property
    def beyond_chance(self) -> bool:
        """Whether the AUC is too high for chance: BEYOND_CHANCE standard errors above 1/2."""
        return self.errors >= BEYOND_CHANCE


def single_column_auc(values: Numbers, y: Labels, *, category: bool) -> SingleColumnAuc:
    """How well one encoded column, shape (n_rows,) with NaN where missing, predicts y.

    A number ranks by its value, in the better direction; a category, or a number of few values, by the churn rate of
    each value in the other half of the rows, so that a column with a different value in every row predicts nothing.
    """
    held = ~np.isnan(values)
    score = np.full(len(values), np.nan)
    positives, negatives = int((y[held] == 1).sum()), int((y[held] == 0).sum())
    if not min(positives, negatives):
        return SingleColumnAuc(0.5, 0.0, score)
    few = category or len(np.unique(values[held])) <= FEW_VALUES
    score[held] = _rates(values[held], y[held]) if few else values[held]
    auc = evaluate(AUC, y[held], score[held])
    if not few and auc < 0.5:
        auc, score = 1 - auc, -score
    return SingleColumnAuc(auc, (auc - 0.5) / _error(positives, negatives), score)


def _error(positives: int, negatives: int) -> float:
    """The standard error of the AUC of a column without information (Mann & Whitney 1947); smaller with ties."""
    return sqrt((positives + negatives + 1) / (12 * positives * negatives))


def _rates(values: Numbers, y: Labels) -> Numbers:
    """The churn rate of each row's value in the other half of the rows, shrunk to the average where it is rare."""
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
    """The number of rows, and the share of them with the rarer outcome."""

    rows: int
    rarer: float

    def separates_outcome(self, purity: float) -> bool:
        """Whether there are LEAST_ROWS rows, and at least a share of purity of them has the rarer outcome."""
        return self.rows >= LEAST_ROWS and self.rarer >= purity


def outcomes(y: Labels, among: np.ndarray) -> Outcomes:
    """The outcomes of the rows where the mask `among`, shape (n_rows,), is true; y holds all rows."""
    rare = y == (1.0 if y.mean() <= 0.5 else 0.0)
    return Outcomes(int(among.sum()), float(rare[among].mean()) if among.any() else 0.0)
