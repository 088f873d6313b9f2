"""Ranking of the risk that came true, against what the gate measured."""

from collections.abc import Iterator

from scipy.special import ndtr

from experiments.evaluation.monitoring.evidence import MonthSeen
from experiments.evaluation.monitoring.kind import Change, drift
from experiments.evaluation.monitoring.realised import loss


@drift("realised_auc", threshold=0.03, unit="AUC", of="AUC", remedy="look at the features that shifted")
def realised_auc(month: MonthSeen) -> Iterator[Change]:
    """The champion ranks those whose outcomes are known now worse than the gate cohort (AUC)."""
    for one in month.realised:
        if one.kind == "auc":
            found = loss(one)
            words = f"{one.realised.value:.3f}; the gate measured {one.promised.value:.3f}"
            yield Change("AUC", found.value, *found.bounds(), float(ndtr(-found.z)), words, one.over)
