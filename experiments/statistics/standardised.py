"""The standardised difference of a factor between leavers and stayers (Cohen's d), with its standard error."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.stats import t as student

from experiments.metric import Numbers
from experiments.statistics.intervals import Interval
from experiments.statistics.poisson import Clusters

# Below this part of the range, what varies within the two groups is rounding.
ROUNDING = 1e-9
LEVEL = 0.95


@dataclass(frozen=True)
class Difference:
    """A standardised difference of means, leavers less stayers, its standard error, and the degrees of freedom.

    means are those of leavers and of stayers, in the factor's own unit.
    """

    value: float
    standard_error: float
    degrees: float
    means: tuple[float, float]

    @property
    def p(self) -> float:
        """The two-sided p-value of no difference, in [0, 1]."""
        return float(2 * student.sf(abs(self.value) / self.standard_error, self.degrees))

    def interval(self) -> Interval:
        """Its 95 % interval."""
        reach = float(student.ppf((1 + LEVEL) / 2, self.degrees)) * self.standard_error
        return Interval(self.value, self.value - reach, self.value + reach, self.standard_error, "clustered", LEVEL)


def standardised_difference(values: Numbers, *, left: Numbers, clusters: Clusters) -> Difference | None:
    """The difference of means over the pooled standard deviation (Cohen's d), rows of one customer kept together.

    values, without gaps, left (1 for a leaver, 0 for a stayer) and clusters (the customer of each row, an
    index) have shape (n_rows,). The variance is that of the influence of each customer (linearisation), but
    never less than what it is where the factor has nothing to do with leaving: (1 / leavers + 1 / stayers) times the
    design effect (Moulton 1986). The influence of a few leavers of a skewed or rare factor misses what chance could
    have dealt them, and is too small just when they happen to have little of it.
    Degrees of freedom: Satterthwaite (1946), with as many customers in each group as its rows are worth.
    None where a group has fewer than two customers, or where nothing varies within the groups.
    """
    leavers, stayers = float(left.sum()), float(left.size - left.sum())
    of_each = _customers(left, clusters), _customers(1 - left, clusters)
    if min(of_each) <= 1:
        return None
    centred = values - values.mean()
    means = float(centred @ left) / leavers, float(centred @ (1 - left)) / stayers
    gap, apart = means[0] - means[1], centred - np.where(left == 1, *means)
    variance = float(apart @ apart) / (left.size - 2)
    if variance <= (ROUNDING * float(np.ptp(values))) ** 2:
        return None
    value = gap / sqrt(variance)
    influence = apart * np.where(left == 1, 1 / leavers, -1 / stayers) / sqrt(variance)
    influence -= value / (2 * left.size) * (apart**2 / variance - 1)
    by_customer = np.bincount(clusters, weights=influence)
    by_chance = (1 / leavers + 1 / stayers) * _design_effect(apart, left - left.mean(), clusters)
    error, middle = sqrt(max(float(by_customer @ by_customer), by_chance)), float(values.mean())
    return Difference(value, error, _degrees(*of_each), (middle + means[0], middle + means[1]))


def _customers(weights: Numbers, clusters: Clusters) -> float:
    """The effective number of customers behind the rows of weight 1 (Kish 1965); 0 where there are none."""
    rows = np.bincount(clusters, weights=weights)
    return float(rows.sum()) ** 2 / max(float(rows @ rows), 1.0)


def _degrees(leavers: float, stayers: float) -> float:
    """The degrees of freedom of a difference of two means of so many customers, at least 1."""
    parts = 1 / leavers, 1 / stayers
    spread = parts[0] ** 2 / (leavers - 1) + parts[1] ** 2 / (stayers - 1)
    return max(1.0, (parts[0] + parts[1]) ** 2 / spread)


def _design_effect(one: Numbers, other: Numbers, clusters: Clusters) -> float:
    """The design effect of repeated rows on the sum of products of two unrelated columns.

    1 + (rows a customer - 1) * (how alike the rows of a customer are in one) * (how alike in the other), Moulton
    (1986); never below 1. Both are centred, shape (n_rows,).
    """
    sizes = np.bincount(clusters)
    pairs = float(sizes @ sizes) - one.size
    if not pairs:
        return 1.0
    return 1.0 + pairs / one.size * _alike(one, clusters, pairs) * _alike(other, clusters, pairs)


def _alike(column: Numbers, clusters: Clusters, pairs: float) -> float:
    """The intraclass correlation of a customer's rows, in [0, 1]; pairs counts each pair both ways."""
    total = np.bincount(clusters, weights=column)
    together = (float(total @ total) - float(column @ column)) / pairs
    return min(1.0, max(0.0, together * column.size / float(column @ column)))
