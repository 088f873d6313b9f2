"""The horizon, look-back and split for which an event log has enough dates, tried in order of preference."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from experiments.sections.label import LabelSpec
from experiments.sections.observations import ObservationSpec
from experiments.sections.split import SplitSpec
from features.errors import DataError, UsageError
from pipelines.jobs.proposing.log_label import Target
from pipelines.matrix.enough_dates import check_dates

# Dates of the gate cohort, and folds.
SPLITS = ((2, 3), (1, 3), (1, 2))
LOOK_BACKS = (365, 180, 90, 30)


@dataclass(frozen=True)
class _Asked:
    """The parts of a spec that concern its dates."""

    name: str
    label: LabelSpec
    observations: ObservationSpec
    split: SplitSpec


def first_with_enough_dates(
    make: Callable[[int, int], Target], horizons: Sequence[int], *, first: datetime, end: datetime, file: str
) -> Target:
    """The first target, by horizon and then by look-back, with enough dates for training and evaluation.

    make gives the target of a horizon and a look-back, in days; it raises UsageError where no date has enough outcomes.
    Raises UsageError where no combination has enough dates.
    """
    why = ""
    for horizon in horizons:
        room = (end - first).days - horizon
        for look_back in LOOK_BACKS:
            if look_back > room / 2:
                continue
            try:
                target = make(horizon, look_back)
            except UsageError as error:
                why = why or str(error)
                continue
            if (split := _split(target, end)) is not None:
                return replace(target, split=split)
    if why:
        raise UsageError(why)
    tried = " or ".join(map(str, horizons))
    raise UsageError(
        f"{file}: the data reach over {(end - first).days} days: too few dates whose windows of {tried} days do not"
        " overlap. Say --inactive-days N, shorter, or add data."
    )


def _split(target: Target, end: datetime) -> SplitSpec | None:
    for gate_dates, folds in SPLITS:
        split = SplitSpec(kind="time", gate_dates=gate_dates, folds=folds)
        observed = ObservationSpec(first=target.first, every_months=1, look_back_days=target.look_back_days)
        try:
            check_dates(_Asked("", LabelSpec(kind=target.kind, horizon_days=target.horizon_days), observed, split), end)
        except DataError:
            continue
        return split
    return None
