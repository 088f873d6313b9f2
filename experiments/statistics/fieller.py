"""Fieller's confidence set of a ratio of two estimates: it stays right where the denominator may be zero."""

from dataclasses import dataclass
from math import inf, nan, sqrt
from typing import Literal

Kind = Literal["interval", "outside", "whole line"]


@dataclass(frozen=True)
class RatioSet:
    """A ratio with its confidence set.

    kind `interval` is [low, high], of which one end may be infinite; `outside` is everything but what lies between low
    and high; `whole line` says nothing at all. value is NaN where the denominator is 0.
    """

    value: float
    kind: Kind
    low: float
    high: float

    def holds(self, ratio: float) -> bool:
        """Whether a ratio lies in the set."""
        if self.kind == "outside":
            return ratio <= self.low or ratio >= self.high
        return self.kind == "whole line" or self.low <= ratio <= self.high

    def plus(self, shift: float) -> "RatioSet":
        """The set of the ratio plus a number."""
        return RatioSet(self.value + shift, self.kind, self.low + shift, self.high + shift)


@dataclass(frozen=True)
class Moments:
    """Two estimates, their variances and their covariance."""

    numerator: float
    denominator: float
    numerator_variance: float
    denominator_variance: float
    covariance: float


def ratio_set(found: Moments, quantile: float) -> RatioSet:
    """The ratios r for which |numerator - r denominator| is within quantile standard errors of 0 (Fieller 1954).

    quantile is that of the two-sided level, 1.96 for 95 %. The set is a finite interval if and only if the denominator
    differs from 0 at this level; else it is unbounded, and no finite set could hold the ratio as often as it says
    (Gleser & Hwang 1987).
    """
    above, below, q = found.numerator, found.denominator, quantile**2
    value = above / below if below else nan
    # a r^2 - 2 b r + c <= 0
    a = below**2 - q * found.denominator_variance
    b = above * below - q * found.covariance
    c = above**2 - q * found.numerator_variance
    inner = b * b - a * c
    if a > 0:
        root = sqrt(max(inner, 0.0))
        return RatioSet(value, "interval", (b - root) / a, (b + root) / a)
    if a < 0 and inner > 0:
        root = sqrt(inner)
        return RatioSet(value, "outside", (b + root) / a, (b - root) / a)
    if a == 0 and b:
        end = c / (2 * b)
        return RatioSet(value, "interval", *((end, inf) if b > 0 else (-inf, end)))
    return RatioSet(value, "whole line", -inf, inf)
