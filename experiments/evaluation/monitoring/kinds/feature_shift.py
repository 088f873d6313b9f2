"""Shift of a feature's distribution, by the population stability index."""

from collections.abc import Iterator

from experiments.evaluation.monitoring.evidence import MonthSeen
from experiments.evaluation.monitoring.kind import Change, drift
from experiments.evaluation.monitoring.nearest import shifts


@drift(
    "feature_shift", threshold=0.25, unit="stability index", of="features", remedy="look where the feature comes from"
)
def feature_shift(month: MonthSeen) -> Iterator[Change]:
    """A feature is distributed otherwise than in training, in the gate cohort and a year ago (PSI beyond chance)."""
    yield from shifts(month.features)
