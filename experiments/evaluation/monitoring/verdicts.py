"""Which changes of a month ask for retraining, held together over all kinds and columns."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from experiments.evaluation.monitoring.evidence import MonthSeen
from experiments.evaluation.monitoring.kind import Change, DriftKind
from experiments.sections.monitoring import MonitoringSpec
from experiments.statistics.holm import rejected


@dataclass(frozen=True)
class Judged:
    """A change with its kind's name, threshold and unit; asks says whether it asks for retraining.

    accepted is the spec's reason why it is right, and sentence what to do where it asks.
    """

    kind: str
    threshold: float
    unit: str
    change: Change
    beyond_chance: bool
    asks: bool
    accepted: str | None
    sentence: str

    def to_dict(self) -> dict[str, Any]:
        """Its fields and those of the change, as plain data."""
        plain = asdict(self)
        return {**plain.pop("change"), "subject": self.change.subject, **plain}


def judged(kinds: Mapping[str, DriftKind], month: MonthSeen, *, said: MonitoringSpec) -> tuple[Judged, ...]:
    """Every change of a month, those that ask for retraining first, then the largest against their thresholds.

    One asks for it where its effect reaches the threshold and chance alone would raise any such alarm in no more than
    said.false_alarms of months: Holm over all changes that were measured. Accepted ones and kinds left out are not
    counted.
    """
    found = [(one, change) for one in kinds.values() if one.name not in said.without for change in one.measure(month)]
    asked = [place for place, (one, change) in enumerate(found) if not _why(one, change, said)]
    beyond = rejected([found[place][1].p for place in asked], alpha=said.false_alarms)
    rejecting = {place for place, is_rejected in zip(asked, beyond, strict=True) if is_rejected}
    all_of = [_judged(*one, said=said, beyond=place in rejecting) for place, one in enumerate(found)]
    return tuple(sorted(all_of, key=lambda one: (not one.asks, -one.change.effect / one.threshold)))


def _judged(kind: DriftKind, change: Change, *, said: MonitoringSpec, beyond: bool) -> Judged:
    threshold = said.thresholds.get(kind.name, kind.threshold)
    accepted, asks = _why(kind, change, said), beyond and change.effect >= threshold
    sentence = f"{kind.name}: {change.subject}: {change.words}. Retrain, or {kind.remedy}." if asks else ""
    return Judged(kind.name, threshold, kind.unit, change, beyond, asks, accepted, sentence)


def _why(kind: DriftKind, change: Change, said: MonitoringSpec) -> str | None:
    """Why a change is right, as the spec says; None where it does not."""
    return said.accept.get(kind.name, {}).get(change.name)


def unknown(kinds: Mapping[str, DriftKind], said: MonitoringSpec) -> Sequence[str]:
    """The kinds that the section names and that there are not."""
    return sorted({*said.thresholds, *said.without, *said.accept} - set(kinds))


def unknown_names(
    kinds: Mapping[str, DriftKind], said: MonitoringSpec, *, watched: Mapping[str, Collection[str]]
) -> Mapping[str, Sequence[str]]:
    """By kind, the names that the section accepts changes of and that there are not; watched as in `DriftKind.of`."""
    strange = {name: sorted(set(names) - kinds[name].names(watched)) for name, names in said.accept.items()}
    return {name: names for name, names in strange.items() if names}


def not_measured(said: MonitoringSpec, changes: Collection[Judged]) -> Sequence[str]:
    """What the section accepts changes of and no change was measured of, each as "kind: name"."""
    seen = {(one.kind, one.change.name) for one in changes}
    return [f"{kind}: {name}" for kind, names in said.accept.items() for name in names if (kind, name) not in seen]
