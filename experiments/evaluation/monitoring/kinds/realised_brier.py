"""Brier score of the probabilities that came true, against what the gate measured."""

from collections.abc import Iterator

from scipy.special import ndtr

from experiments.evaluation.monitoring.evidence import MonthSeen
from experiments.evaluation.monitoring.kind import Change, drift
from experiments.evaluation.monitoring.realised import loss


@drift("realised_brier", threshold=0.02, unit="Brier", of="Brier", remedy="look whether more customers leave than did")
def realised_brier(month: MonthSeen) -> Iterator[Change]:
    """The Brier score of those whose outcomes are known now is higher than in the gate cohort."""
    for one in month.realised:
        if one.kind == "brier":
            found = loss(one, lower_is_better=True)
            words = f"{one.realised.value:.4f}; the gate measured {one.promised.value:.4f}"
            yield Change("Brier", found.value, *found.bounds(), float(ndtr(-found.z)), words, one.over)
