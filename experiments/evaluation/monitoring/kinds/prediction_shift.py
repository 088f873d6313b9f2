"""Shift of the champion's score, or of the uplift it predicts, by the population stability index."""

from collections.abc import Iterator

from experiments.evaluation.monitoring.evidence import MonthSeen
from experiments.evaluation.monitoring.kind import Change, drift
from experiments.evaluation.monitoring.nearest import shifts


@drift(
    "prediction_shift",
    threshold=0.25,
    unit="stability index",
    of="predictions",
    remedy="look at the features that shifted with it",
)
def prediction_shift(month: MonthSeen) -> Iterator[Change]:
    """The score, or an action's uplift, is distributed otherwise than in the gate cohort and a year ago."""
    yield from shifts(month.predictions)
