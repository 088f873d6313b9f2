"""Calibration of the probabilities that came true, against what the gate measured."""

from collections.abc import Iterator
from math import sqrt

from scipy.special import chdtrc

from experiments.evaluation.monitoring.evidence import MonthSeen, Realised
from experiments.evaluation.monitoring.kind import Change, drift
from experiments.evaluation.monitoring.realised import REACH, loss
from experiments.evaluation.monitoring.words import percent

# Squared gaps of this many bins are summed; their tail is longer than a normal one.
BINS = 10


@drift(
    "realised_calibration",
    threshold=0.05,
    unit="share",
    of="calibration",
    remedy="look whether more or fewer customers leave",
)
def realised_calibration(month: MonthSeen) -> Iterator[Change]:
    """Predicted and observed shares are further apart than in the gate cohort (root mean square beyond chance)."""
    for one in month.realised:
        if one.kind != "miscalibration":
            continue
        promised = sqrt(max(one.promised.value, 0.0))
        spread = REACH * loss(one, lower_is_better=True).standard_error
        value, low, high = (sqrt(max(one.realised.value + step, 0.0)) - promised for step in (0.0, -spread, spread))
        p = _chance(one)
        gap = sqrt(max(one.realised.value, 0.0))
        words = f"shares are off by {percent(gap)}; in the gate cohort by {percent(promised)}"
        yield Change("calibration", value, low, high, p, words, one.over)


def _chance(one: Realised) -> float:
    """The chance of so large a figure where shares are off by as much as in the gate cohort.

    Its variance is then c^2 + 4 sum w^2 g^2 s, with c^2 = 2 sum w^2 s^2 that of no gaps, of ten bins of equal weight w
    and equal variance s = c sqrt(5), and squared gaps g^2 of the promised mean. Its tail is that of chi-squared of ten
    degrees of freedom, scaled to mean and variance.
    """
    chance, promised = one.realised.chance, max(one.promised.value, 0.0)
    variance = one.promised.standard_error**2 + chance**2 + 4 / BINS * promised * chance * sqrt(BINS / 2)
    if not variance:
        return 1.0
    z = (one.realised.value - one.promised.value) / sqrt(variance)
    return float(chdtrc(BINS, max(BINS + z * sqrt(2 * BINS), 0.0)))
