"""Change of the share of rows in which a feature is missing."""

from collections.abc import Iterator

from experiments.evaluation.monitoring.evidence import MonthSeen
from experiments.evaluation.monitoring.kind import Change, drift
from experiments.evaluation.monitoring.reference import TRAINING
from experiments.evaluation.monitoring.shares import gap
from experiments.evaluation.monitoring.words import percent


@drift(
    "missing_share",
    threshold=0.1,
    unit="share",
    of="features",
    remedy="look why values are not there, or are there now",
)
def missing_share(month: MonthSeen) -> Iterator[Change]:
    """The share of rows without a value differs from that in training, in the gate cohort and a year ago.

    A column that training had nowhere is left out: the champion makes nothing of it.
    """
    for column in month.features:
        today = column.today
        shares = {where: one.share(one.missing) for where, one in column.known.items() if one.units}
        if not shares or not today.units or shares.get(TRAINING, 0.0) >= 1.0:
            continue
        here = today.share(today.missing)
        found = {
            where: gap(here, today.units, other=share, of=column.known[where].units) for where, share in shares.items()
        }
        least = min(found.values(), key=lambda one: abs(one.value))
        sign = 1.0 if least.value >= 0 else -1.0
        low, high = sorted((sign * least.low, sign * least.high))
        told = ", ".join(f"{percent(share)} in {where}" for where, share in shares.items())
        p = max(one.p for one in found.values())
        yield Change(column.name, abs(least.value), low, high, p, f"{percent(here)} missing; {told}")
