"""The effect over rounds that mature one after the other: intervals that hold together at every look.

An interval of 95 % that is looked at every month excludes a true effect, sooner or later, far more often than in one
world of twenty. A confidence sequence holds at all looks at once, whenever and however often one looks, and without a
last look that is fixed before (why not alpha spending: docs/decisions/0036).
"""

from math import exp, log, log1p, sqrt

import numpy as np
import pandas as pd
from scipy.special import ndtri

from experiments.effects.assigned import Assigned, Mask
from experiments.effects.by_assignment import Effect, effect
from experiments.effects.contrast import Contrast
from experiments.statistics.intervals import Interval

# The sequence is narrowest, against an interval for one look, at this many times the information of the first look.
NARROWEST_AT = 6.0
# t rho^2 at which the sequence is narrowest at alpha = 0.05: it solves eta = log(1 + eta) + 2 log(1 / alpha).
LEAST = 8.212
METHOD = "confidence sequence, clustered by customer"


def information(rows: Assigned, action: str, now: Effect, *, among: Mask | None = None) -> float | None:
    """The information of an effect as a multiple of that of the first look with an estimate; None without one.

    now is the effect of these rows (narrowed by among, shape (n_rows,)). A look is taken after each date whose rounds
    are mature, of all rows up to then; rounds are taken to mature in the order of their dates. The multiple, at least
    about 1, is the inverse of the ratio of the squared standard errors. Looks in between change nothing.
    """
    if now.adjusted is None:
        return None
    dates = pd.to_datetime(rows.labels["as_of"])
    chosen = rows.mature if among is None else rows.mature & among
    for date in sorted(dates[chosen].unique()):
        first = effect(rows, action, among=chosen & (dates <= date).to_numpy(dtype=bool)).adjusted
        if first is not None:
            errors = first.standard_error, now.adjusted.standard_error
            return (errors[0] / errors[1]) ** 2 if all(errors) else None
    return None


def interval_of(found: Contrast, information: float | None, *, level: float = 0.95) -> Interval:
    """The interval at any look where information is given, else for one look that was planned before."""
    return found.interval(level=level) if information is None else at_any_time(found, information, level=level)


def score(information: float | None, *, level: float) -> float:
    """How many standard errors wide `interval_of` is to either side, for a normal estimate."""
    return float(ndtri((1 + level) / 2)) if information is None else normal_score(information, alpha=1 - level)


def at_any_time(found: Contrast, information: float, *, level: float = 0.95) -> Interval:
    """The interval of the asymptotic confidence sequence (Waudby-Smith et al. 2021, arXiv 2103.06476).

    Their Gaussian mixture (Robbins 1970) with t rho^2 = eta, proportional to the information: the half width is the
    standard error times sqrt((1 + 1/eta) (log(1 + eta) + 2 log(1/alpha))), carried over to Student's t for few
    customers.
    """
    reach = found.reach(normal_score(information, alpha=1 - level))
    return Interval(found.value, found.value - reach, found.value + reach, found.standard_error, METHOD, level)


def p_at_any_time(found: Contrast, information: float) -> float:
    """The alpha at which `at_any_time` first excludes 0, at most 1: sqrt(1 + eta) exp(-z^2 eta / (2 (1 + eta)))."""
    eta = _eta(information)
    if np.isinf(found.z):
        return 0.0
    return min(1.0, exp(0.5 * log1p(eta) - 0.5 * found.z**2 * eta / (1 + eta)))


def normal_score(information: float, *, alpha: float) -> float:
    """How many standard errors wide the sequence is to either side, at this information."""
    eta = _eta(information)
    return sqrt((1 + 1 / eta) * (log1p(eta) + 2 * log(1 / alpha)))


def _eta(information: float) -> float:
    """T rho^2 of the mixture, from the information so far."""
    return LEAST * information / NARROWEST_AT
