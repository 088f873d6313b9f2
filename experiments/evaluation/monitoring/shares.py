"""The difference of two shares, with its interval and the chance of it where nothing has changed."""

from dataclasses import dataclass
from math import sqrt

from scipy.special import ndtr, ndtri
from scipy.stats import binom

REACH = float(ndtri(0.975))


@dataclass(frozen=True)
class Gap:
    """A difference of shares, its 95 % interval, and p of no difference, two-sided."""

    value: float
    low: float
    high: float
    p: float


def gap(share: float, units: float, *, other: float, of: float) -> Gap:
    """Share of so many independent rows less another of so many (both above 0), by normal approximation.

    The variance of the interval is that of Agresti & Caffo (2000), with one row of either kind added to each side; p is
    that of the pooled share, with Yates' correction for continuity.
    """
    added = ((share * units + 1) / (units + 2), units + 2), ((other * of + 1) / (of + 2), of + 2)
    error = sqrt(sum(one * (1 - one) / rows for one, rows in added))
    pooled, apart = (share * units + other * of) / (units + of), share - other
    chance = sqrt(pooled * (1 - pooled) * (1 / units + 1 / of))
    beyond = max(abs(apart) - (1 / units + 1 / of) / 2, 0.0)
    p = float(2 * ndtr(-beyond / chance)) if chance else 1.0
    return Gap(apart, apart - REACH * error, apart + REACH * error, min(p, 1.0))


def more_than(count: float, units: float, *, expected: float, of: float) -> float:
    """The chance of count or more among so many, where `expected` of others were counted and both are equally likely.

    Given both, the first is binomial (Przyborowski & Wilenski 1940). One is added to those expected, so that none of
    few rows is not taken for never.
    """
    if count <= 0:
        return 1.0
    return float(binom.sf(round(count) - 1, round(count) + round(expected) + 1, units / (units + of)))
