"""Days since a table had its newest row."""

from collections.abc import Iterator

from scipy.special import chdtri, gammaincc, ndtri

from experiments.evaluation.monitoring.evidence import MonthSeen
from experiments.evaluation.monitoring.kind import Change, drift
from experiments.evaluation.monitoring.words import days
from experiments.metric import Numbers

FEWEST_GAPS = 5
A_DAY = 1.0
LIKELY = 0.95
REACH = float(ndtri(0.975))


@drift("freshness", threshold=7.0, unit="days", of="tables", remedy="look whether the table is still delivered")
def freshness(month: MonthSeen) -> Iterator[Change]:
    """A table's newest row is older than its longest earlier gap, beyond what such gaps let expect.

    The effect is the days beyond the longest gap. p is that of a gap that long: gamma of the earlier gaps' mean and of
    the largest variance that they make likely (an upper bound at 95 %), which is at least that of a day.
    """
    for one in month.ages:
        if one.gaps_days.size < FEWEST_GAPS:
            continue
        longest = float(one.gaps_days.max())
        effect = one.age_days - longest
        words = f"newest row {days(one.age_days)} ago; the longest gap before was {days(longest)}"
        spread = REACH * float(one.gaps_days.std(ddof=1))
        yield Change(one.table, effect, effect - spread, effect + spread, _chance(one.age_days, one.gaps_days), words)


def _chance(age: float, gaps: Numbers) -> float:
    mean = float(gaps.mean())
    free = gaps.size - 1
    variance = (float(gaps.var(ddof=1)) + A_DAY) * free / float(chdtri(free, LIKELY))
    shape = mean**2 / variance
    return float(gammaincc(shape, max(age, 0.0) * shape / mean))
