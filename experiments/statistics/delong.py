"""DeLong's test of the difference of two AUCs on the same customers."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

from experiments.metric import Numbers
from experiments.statistics.intervals import Interval, normal_interval
from experiments.statistics.poisson import Clusters
from features.errors import MetricError

# What rounding leaves of a variance that is zero, as a share of the variances it is the difference of.
ROUNDING = 1e-12


@dataclass(frozen=True)
class AucDifference:
    """A difference of two AUCs: its interval, the z statistic and the two-sided p-value that it is zero."""

    interval: Interval
    z: float
    p: float


@dataclass(frozen=True)
class DeLong:
    """The AUCs of several scores on the same rows, shape (n_scores,), and their covariance (n_scores, n_scores)."""

    aucs: Numbers
    covariance: Numbers

    def interval(self, score: int, *, level: float = 0.95) -> Interval:
        """The interval of the AUC of one score, named by its column; clipped to [0, 1]."""
        error = float(np.sqrt(self.covariance[score, score]))
        whole = normal_interval(float(self.aucs[score]), error, level=level, method="delong")
        return replace(whole, low=max(0.0, whole.low), high=min(1.0, whole.high))

    def difference(self, score: int, other: int, *, level: float = 0.95) -> AucDifference:
        """The AUC of column score minus that of column other.

        A variance of zero, as of two identical models, gives z = 0 and p = 1: nothing is shown.
        """
        value = float(self.aucs[score] - self.aucs[other])
        apart = float(self.covariance[score, score] + self.covariance[other, other])
        variance = apart - 2 * float(self.covariance[score, other])
        error = float(np.sqrt(variance)) if variance > ROUNDING * apart else 0.0
        z = value / error if error else 0.0
        return AucDifference(normal_interval(value, error, level=level, method="delong"), z, float(2 * norm.sf(abs(z))))


def weighted_auc(truth: Numbers, score: Numbers, *, weights: Numbers, clusters: Clusters) -> Interval:
    """The weighted AUC of one score, with a 95 % interval when clusters are independent.

    truth, score, weights and clusters have shape (n_rows,). The variance is that of what each customer moves, as in
    `delong` with clusters, a row counting by its weight; cut off at 0 and 1.
    """
    positive = _checked(truth, score[:, None])[0]
    _, place = np.unique(score, return_inverse=True)
    placed = {group: np.bincount(place, weights=weights * (positive == group)) for group in (True, False)}
    beaten = (np.cumsum(placed[False]) - placed[False] / 2) / placed[False].sum()
    beating = 1 - (np.cumsum(placed[True]) - placed[True] / 2) / placed[True].sum()
    auc = float(placed[True] @ beaten / placed[True].sum())
    total = np.where(positive, placed[True].sum(), placed[False].sum())
    moved = weights * (np.where(positive, beaten[place], beating[place]) - auc) / total
    return DeLong(np.array([auc]), _of_sums(moved[:, None], clusters)).interval(0)


def delong(truth: NDArray[np.generic], scores: NDArray[np.generic], *, clusters: Clusters | None = None) -> DeLong:
    """The AUCs of scores and their covariance, in O(n log n) by midranks (Sun & Xu 2014, equations 10 to 13).

    truth, 1 = churned, has shape (n_rows,), scores (n_rows, n_scores). Without clusters, rows must be independent;
    with them, shape (n_rows,), the customers must (Obuchowski 1997, by sums of the components of each customer).
    A decision rests on the bootstrap by customer (`experiments.statistics.intervals`); this is for curves of many
    figures.
    Raises MetricError for shapes that do not fit, missing scores, or fewer than two rows of either class.
    """
    positive, columns = _checked(truth, scores)
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    among_all = rankdata(columns, axis=0)
    above_negatives = (among_all[positive] - rankdata(columns[positive], axis=0)) / n_negative
    below_positives = 1 - (among_all[~positive] - rankdata(columns[~positive], axis=0)) / n_positive
    aucs = above_negatives.mean(axis=0)
    if clusters is None:
        covariance = _covariance(above_negatives) / n_positive + _covariance(below_positives) / n_negative
        return DeLong(aucs, covariance)
    moved = np.empty_like(columns)
    moved[positive], moved[~positive] = (above_negatives - aucs) / n_positive, (below_positives - aucs) / n_negative
    return DeLong(aucs, _of_sums(moved, clusters))


def _of_sums(moved: Numbers, clusters: Clusters) -> Numbers:
    """The covariance of the total of what each row moves, shape (n_rows, n_scores), when clusters are independent."""
    customers, place = np.unique(clusters, return_inverse=True)
    sums = np.zeros((customers.size, moved.shape[1]))
    np.add.at(sums, place, moved)
    covariance: Numbers = sums.T @ sums * customers.size / (customers.size - 1)
    return covariance


def _covariance(components: Numbers) -> Numbers:
    return np.atleast_2d(np.cov(components, rowvar=False))


def _checked(truth: NDArray[np.generic], scores: NDArray[np.generic]) -> tuple[NDArray[np.bool_], Numbers]:
    outcome, columns = np.asarray(truth, dtype=np.float64), np.asarray(scores, dtype=np.float64)
    if columns.ndim != 2 or outcome.shape != columns.shape[:1]:
        raise MetricError(
            f"DeLong: truth has shape {outcome.shape}, scores {columns.shape}; give one row of each a row."
        )
    if not bool(np.isfinite(columns).all() and np.isin(outcome, (0, 1)).all()):
        raise MetricError("DeLong: a score is missing or infinite, or truth is neither 0 nor 1. Leave such rows out.")
    positive = outcome == 1
    if min(positive.sum(), (~positive).sum()) < 2:
        raise MetricError(
            f"DeLong needs two rows of each class; there are {positive.sum()} of {positive.size} positive."
        )
    return positive, columns
