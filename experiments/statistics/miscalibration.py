"""Miscalibration: how far predicted and observed shares differ beyond chance, with an interval.

The gap of true probabilities in bins of few rows is not zero: chance alone makes one. Its square is too large by the
variance of the gap, which the same rows tell, and which is taken off (Ferro & Fricker 2012; Broecker 2012).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.metric import Numbers
from experiments.statistics.intervals import Interval, normal_interval
from experiments.statistics.poisson import Clusters
from experiments.statistics.ranking import equal_count_bins

BINS = 10
METHOD = "quadratic form"
# What rounding leaves of a variance that is zero, as a share of what it is the difference of.
ROUNDING = 1e-12


@dataclass(frozen=True)
class Miscalibration:
    """The calibration gaps of several models on the same rows, for single figures and for pairwise differences.

    gaps holds the mean of probability less outcome in each bin, one model after the other, shape (n_gaps,); covariance
    theirs, rows of a customer kept together; shares the share of the rows in each bin; model to which model a gap
    belongs.
    """

    gaps: Numbers
    covariance: Numbers
    shares: Numbers
    model: NDArray[np.intp]

    def value(self, model: int) -> float:
        """The mean squared gap of a model beyond chance, in Brier units; it can come out below 0 by chance."""
        return self._value(self._of(model))

    def interval(self, model: int, *, level: float) -> Interval:
        """Its interval."""
        return self._interval(self._of(model), level)

    def difference(self, model: int, other: int, *, level: float) -> Interval:
        """The interval of a model's figure less another's, on the same rows; the same gaps cancel."""
        return self._interval(self._of(model) - self._of(other), level)

    def _of(self, model: int) -> Numbers:
        return np.where(self.model == model, self.shares, 0.0)

    def _value(self, weights: Numbers) -> float:
        beyond = weights * (self.gaps**2 - np.diag(self.covariance))
        return float(sum(beyond[self.model == model].sum() for model in np.unique(self.model)))

    def _interval(self, weights: Numbers, level: float) -> Interval:
        """A sum of squared normals: with W the weights and S the covariance, 2 tr(WSWS) + 4 gap'WSW gap.

        The gaps that were seen have on average S more in their square than the true ones, which is taken off; what is
        left is never less than the first term, that of true gaps of 0.
        """
        weighted = weights[:, None] * self.covariance
        chance = 2 * float(np.sum(weighted * weighted.T))
        apart = 2 * float(np.sum(np.abs(weighted * weighted.T)))
        variance = max(4 * float(self.gaps @ weighted @ (weights * self.gaps)) - chance, chance)
        error = float(np.sqrt(variance)) if variance > ROUNDING * apart else 0.0
        return normal_interval(self._value(weights), error, level=level, method=METHOD)


def miscalibration(
    truth: Numbers, *probabilities: Numbers, clusters: Clusters, weights: Numbers | None = None
) -> Miscalibration:
    """The gaps of each model in ten bins of equal count of its probabilities, or of the mean of all models'.

    In the same bins the outcomes are the same for all models, so that what they have in common cancels: of models that
    hardly differ, the difference is known nearly exactly. truth, 1 = churned, each of probabilities, clusters (the
    customer of each row, an index) and weights (how many customers a row stands for; 1 each where left out) have shape
    (n_rows,).
    """
    each = np.ones(truth.size) if weights is None else weights
    gaps, shares, models, moved = [], [], [], []
    bins = equal_count_bins(np.mean(probabilities, axis=0), BINS)
    for model, probability in enumerate(probabilities):
        residual = probability - truth
        for index in np.unique(bins):
            among = bins == index
            total = float(each[among].sum())
            gap = float(each[among] @ residual[among]) / total
            gaps.append(gap)
            shares.append(total / float(each.sum()))
            models.append(model)
            moved.append(_by_customer(clusters, among, each * (residual - gap) / total))
    stacked = np.column_stack(moved)
    return Miscalibration(np.array(gaps), stacked.T @ stacked, np.array(shares), np.array(models, dtype=np.intp))


def _by_customer(clusters: Clusters, among: NDArray[np.bool_], influence: Numbers) -> Numbers:
    """Each customer's contribution to the gap, corrected for small bins (n / (n - 1))."""
    sums = np.bincount(clusters[among], weights=influence[among], minlength=int(clusters.max()) + 1)
    customers = np.unique(clusters[among]).size
    corrected: Numbers = sums * np.sqrt(customers / max(customers - 1, 1))
    return corrected
