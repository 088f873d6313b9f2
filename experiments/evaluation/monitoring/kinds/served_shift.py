"""Shift of the scores that the service gave to ready rows, by the population stability index."""

from collections.abc import Iterator
from dataclasses import replace

from experiments.evaluation.monitoring.evidence import MonthSeen
from experiments.evaluation.monitoring.kind import Change, drift
from experiments.evaluation.monitoring.nearest import shifts

NAME = "served churn_probability"


@drift(
    "served_shift",
    threshold=0.25,
    unit="stability index",
    of=NAME,
    remedy="look which customers are sent to the service, and how their rows are made",
)
def served_shift(month: MonthSeen) -> Iterator[Change]:
    """Scores that the service gave to ready rows are distributed otherwise than in the gate cohort."""
    for change in shifts(month.served):
        yield replace(change, name=NAME)
