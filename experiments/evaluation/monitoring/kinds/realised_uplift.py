"""Effect of an action that came true, against what the gate measured."""

from collections.abc import Iterator

from scipy.special import ndtr

from experiments.evaluation.monitoring.evidence import MonthSeen
from experiments.evaluation.monitoring.kind import Change, drift
from experiments.evaluation.monitoring.realised import REACH, loss
from experiments.evaluation.monitoring.words import signed


@drift(
    "realised_uplift",
    threshold=0.5,
    unit="share of the promise",
    of="actions",
    remedy="look how the action is carried out now",
)
def realised_uplift(month: MonthSeen) -> Iterator[Change]:
    """An action that helped in the gate cohort has lost so large a share of its effect.

    Actions whose effect was not clear of 0 there promised nothing.
    """
    for one in month.realised:
        if one.kind != "ate" or one.promised.value - REACH * one.promised.standard_error <= 0:
            continue
        found = loss(one)
        low, high = found.bounds()
        told = (100 * one.realised.value, 100 * one.promised.value)
        words = f"it kept {signed(told[0])} of 100 customers; in the gate cohort {signed(told[1])}"
        promised = one.promised.value
        yield Change(
            one.action,
            found.value / promised,
            low / promised,
            high / promised,
            float(ndtr(-found.z)),
            words,
            one.over,
        )
