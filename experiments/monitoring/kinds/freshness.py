"""Days since a table had its newest row."""

from collections.abc import Iterator

import numpy as np
from scipy.special import ndtri
from scipy.stats import gamma

from experiments.metric import Numbers
from experiments.monitoring.evidence import MonthSeen
from experiments.monitoring.kind import Change, drift

FEWEST_GAPS = 5
REACH = float(ndtri(0.975))


@drift("freshness", threshold=7.0, unit="days", remedy="look whether the table is still delivered")
def freshness(month: MonthSeen) -> Iterator[Change]:
    """A table's newest row is older than its longest earlier gap, beyond what such gaps let expect.

    The effect is the days beyond the longest gap. p is that of a gap that long: gamma of the earlier gaps' mean and
    spread (moments), no more regular than so few gaps can show and no more than to the day.
    """
    for one in month.ages:
        if one.gaps_days.size < FEWEST_GAPS:
            continue
        longest = float(one.gaps_days.max())
        effect = one.age_days - longest
        words = f"newest row {one.age_days:.0f} days ago; the longest gap before was {longest:.0f} days"
        spread = REACH * float(one.gaps_days.std(ddof=1))
        yield Change(one.table, effect, effect - spread, effect + spread, _chance(one.age_days, one.gaps_days), words)


def _chance(age: float, gaps: Numbers) -> float:
    mean = float(gaps.mean())
    variance = float(gaps.var(ddof=1)) * (1 + 2 / gaps.size) + 1 / 12
    shape = min(mean**2 / variance, float(gaps.size))
    return float(np.clip(gamma.sf(age, shape, scale=mean / shape), 0.0, 1.0))
