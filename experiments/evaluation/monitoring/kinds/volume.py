"""Number of rows of a table, and of customers, against the periods before."""

from collections.abc import Iterator
from math import exp, sqrt

import numpy as np
from scipy.stats import binom, t

from experiments.evaluation.monitoring.evidence import MonthSeen, VolumeSeen
from experiments.evaluation.monitoring.kind import Change, drift
from experiments.metric import Numbers

# The usual number is the mean of so many periods.
USUAL = 3
HALF = 0.5


@drift("volume", threshold=0.3, unit="share", of="volumes", remedy="look whether a delivery is missing or came twice")
def volume(month: MonthSeen) -> Iterator[Change]:
    """A table has more or fewer rows than in the three periods before, or there are more or fewer customers."""
    for one in month.volumes:
        if len(one.before) >= USUAL and one.before[-USUAL:].sum() > 0:
            yield _change(one)


def _change(one: VolumeSeen) -> Change:
    """The ratio to the mean of the three periods before; the noise is that of the earlier periods' own ratios.

    p is the larger of two: of both counts as counted (binomial, given their sum), and of the ratio against the spread
    of the earlier ones (Student's t). Without earlier ones there is the first alone.
    """
    usual = float(one.before[-USUAL:].mean())
    ratio, earlier = _log_ratio(one.rows, one.before[-USUAL:]), _earlier(one.before)
    floor = 1 / (one.rows + HALF) + 1 / (USUAL * usual)
    spread = sqrt(max(float(np.mean(earlier**2)) if earlier.size else 0.0, floor))
    p = _counted(one.rows, usual)
    if earlier.size:
        p = max(p, float(2 * t.sf(abs(ratio) / spread, earlier.size)))
    reach = float(t.ppf(0.975, max(earlier.size, 1))) if earlier.size else 1.96
    effects = [ratio]
    if one.last_year is not None and one.last_year >= USUAL:
        effects.append(ratio - float(earlier[one.last_year - USUAL]))
    least = min(effects, key=abs)
    low, high = sorted(abs(exp(edge) - 1) for edge in (least - reach * spread, least + reach * spread))
    if abs(least) < reach * spread:
        low = 0.0
    words = f"{one.rows:,.0f} rows; {usual:,.0f} in the periods before"
    return Change(one.name, abs(exp(least) - 1), low, high, p, words)


def _log_ratio(rows: float, before: Numbers) -> float:
    return float(np.log((rows + HALF) / (before.mean() + HALF)))


def _earlier(before: Numbers) -> Numbers:
    """The same ratio of each earlier period that has three before it, shape (n_periods - 3,)."""
    return np.array([_log_ratio(before[k], before[k - USUAL : k]) for k in range(USUAL, len(before))])


def _counted(rows: float, usual: float) -> float:
    """The two-sided chance of such a count, given that and all of the periods before."""
    total, here = round(rows + USUAL * usual), round(rows)
    share = 1 / (1 + USUAL)
    return float(min(1.0, 2 * min(binom.cdf(here, total, share), binom.sf(here - 1, total, share))))
