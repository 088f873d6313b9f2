"""Calibration of the probabilities that came true, against what the gate measured."""

from collections.abc import Iterator
from math import sqrt

from scipy.special import chdtrc

from experiments.monitoring.evidence import MonthSeen
from experiments.monitoring.kind import Change, drift
from experiments.monitoring.realised import REACH, loss

# Squared gaps of this many bins are summed; their tail is longer than a normal one.
BINS = 10


@drift("realised_calibration", threshold=0.05, unit="share", remedy="look whether more or fewer customers leave")
def realised_calibration(month: MonthSeen) -> Iterator[Change]:
    """Predicted and observed shares are further apart than in the gate cohort (root mean square beyond chance)."""
    for one in month.realised:
        if one.kind != "miscalibration":
            continue
        promised = sqrt(max(one.promised.value, 0.0))
        spread = REACH * loss(one, lower_is_better=True).standard_error
        value, low, high = (sqrt(max(one.realised.value + step, 0.0)) - promised for step in (0.0, -spread, spread))
        z = loss(one, lower_is_better=True).z
        p = float(chdtrc(BINS, max(BINS + z * sqrt(2 * BINS), 0.0)))
        gap = sqrt(max(one.realised.value, 0.0))
        words = f"shares are off by {gap:.1%} {one.over}; in the gate cohort by {promised:.1%}"
        yield Change(f"calibration {one.over}", value, low, high, p, words)
