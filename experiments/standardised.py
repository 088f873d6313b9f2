"""How far leavers and stayers lie apart in a factor, in standard deviations, and how sure that is."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.stats import norm

from experiments.intervals import Clusters, Interval, normal_interval
from experiments.metric import Numbers

# Below this part of the range, what varies within the two groups is rounding.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Difference:
    """A standardised difference of means, leavers less stayers, and its standard error."""

    value: float
    standard_error: float

    @property
    def p(self) -> float:
        """The two-sided p value of no difference at all, in [0, 1]."""
        return float(2 * norm.sf(abs(self.value) / self.standard_error))

    def interval(self) -> Interval:
        """Its 95 % interval."""
        return normal_interval(self.value, self.standard_error, method="clustered")


def standardised_difference(values: Numbers, *, left: Numbers, clusters: Clusters) -> Difference | None:
    """The difference of means over the pooled standard deviation (Cohen's d), rows of one customer kept together.

    values, without gaps, left (1 for a leaver, 0 for a stayer) and clusters (the customer of each row, an
    index) have shape (n_rows,). The variance is that of the influence of each customer (linearisation), but
    never less than 1 / leavers + 1 / stayers, that of the t test of independent rows: an indicator that few
    rows have can be absent among leavers by chance, and their own variance would be 0.
    None where a group has fewer than two rows, or where nothing varies within the groups.
    """
    leavers, stayers = float(left.sum()), float(left.size - left.sum())
    if min(leavers, stayers) < 2:
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
    return Difference(value, sqrt(max(float(by_customer @ by_customer), 1 / leavers + 1 / stayers)))
