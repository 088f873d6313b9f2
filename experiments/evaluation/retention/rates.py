"""Shares with exact intervals, and whether a target is reached, missed, or neither can be told."""

from typing import Literal

from scipy.special import betaincinv

from experiments.statistics.intervals import Interval
from features.errors import MetricError

Verdict = Literal["reached", "missed", "cannot tell"]


def share(count: int, of: int, *, level: float = 0.95) -> Interval:
    """A share with its exact interval, in [0, 1] (Clopper & Pearson, Biometrika 26, 1934).

    Either bound is wrong with probability (1 - level) / 2 at most, however few or extreme. standard_error is that of
    the share itself, 0 where all or none are counted. Raises MetricError where there is nobody, or more than all.
    """
    if not 0 <= count <= of or of == 0:
        raise MetricError(f"{count} of {of} is no share.")
    tail = (1 - level) / 2
    low = 0.0 if count == 0 else float(betaincinv(count, of - count + 1, tail))
    high = 1.0 if count == of else float(betaincinv(count + 1, of - count, 1 - tail))
    value = count / of
    return Interval(value, low, high, float((value * (1 - value) / of) ** 0.5), "exact", level)


def complement(found: Interval) -> Interval:
    """The interval of one minus a share."""
    return Interval(1 - found.value, 1 - found.high, 1 - found.low, found.standard_error, found.method, found.level)


def verdict(found: Interval, target: float) -> Verdict:
    """Reached where the whole interval is at the target or above it, missed where all of it is below."""
    if found.low >= target:
        return "reached"
    return "missed" if found.high < target else "cannot tell"
