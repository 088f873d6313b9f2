"""The check that the data cover enough dates for the spec, with changes of the spec that would work."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol, TypeVar

import pandas as pd

from experiments.rows.split import split
from experiments.sections.label import HasLabel, LabelSpec
from experiments.sections.observations import HasObservations, ObservationSpec
from experiments.sections.section import HasName, Section
from experiments.sections.split import HasSplit, SplitSpec
from features.errors import DataError
from features.label import LabelWindow
from features.observations import observation_dates

# How many months further back a first date is looked for.
FURTHEST_MONTHS = 60
Part = TypeVar("Part", bound=Section)


class Dated(HasLabel, HasObservations, Protocol):
    """A spec as far as its observation dates."""


class HasDates(HasName, HasLabel, HasObservations, HasSplit, Protocol):
    """A spec as far as its observation dates and split."""


@dataclass(frozen=True)
class _Asked:
    """The same with other values."""

    label: LabelSpec
    observations: ObservationSpec
    split: SplitSpec


def check_dates(spec: HasDates, end: datetime) -> None:
    """Raise DataError when data that end at `end` hold too few dates for the split, before any of them is built.

    It names the choices that would do, each alone, or together where none does alone.
    """
    if spec.observations is None:
        return
    asked = _Asked(spec.label, spec.observations, spec.split)
    if (fault := _fault(asked, end)) is None:
        return
    choices = " or ".join(_choices(asked, end)) or "add data"
    raise DataError(f"spec '{spec.name}': {fault} What would do, on data that end at {end}: {choices}.")


def _fault(asked: _Asked, end: datetime) -> str | None:
    """What is wrong with the dates; None where they suffice."""
    mature = mature_dates(asked, end)
    if not mature:
        return "no observation is mature: the data end before a window closes."
    one_each = pd.DataFrame({"customer_id": "", "as_of": mature, "churned": 0.0, "arm": ""})
    try:
        split(one_each, spec=asked.split, label=asked.label)
    except DataError as error:
        return str(error)
    return None


def mature_dates(asked: Dated, end: datetime) -> list[datetime]:
    """The observation dates, earliest first, whose windows close within data that end at `end`."""
    observed, label = asked.observations, asked.label
    if observed is None:
        return []
    days = {"lead_time_days": label.lead_time_days, "horizon_days": label.horizon_days}
    dates = observation_dates(observed.first, every_months=observed.every_months, data_end=end)
    return [one for one in dates if LabelWindow.after(one, **days).is_mature(end)]


def _choices(asked: _Asked, end: datetime) -> Iterator[str]:
    """The smallest sufficient change of each kind, as lines of the spec."""
    found = False
    for several in _changes(asked):
        for change in several:
            if _fault(_changed(asked, change), end) is None:
                yield _line(change)
                found = True
                break
    if not found:
        least = {"observations.every_months": 1, "split.folds": 2, "split.gate_dates": 1}
        change = {key: value for key, value in least.items() if _value(asked, key) != value}
        if change and _fault(_changed(asked, change), end) is None:
            yield _line(change)


def _changes(asked: _Asked) -> Iterator[list[dict[str, Any]]]:
    observed, dates, label = asked.observations, asked.split, asked.label
    yield [{"observations.every_months": months} for months in range(observed.every_months - 1, 0, -1)]
    yield [{"split.folds": folds} for folds in range(dates.folds - 1, 1, -1)]
    yield [{"split.gate_dates": gate} for gate in range((dates.gate_dates or 1) - 1, 0, -1)]
    first = pd.Timestamp(observed.first)
    earlier = (first - pd.DateOffset(months=months) for months in range(1, FURTHEST_MONTHS + 1))
    yield [{"observations.first": f"{one:%Y-%m-%d}"} for one in earlier]
    yield [{"label.horizon_days": days} for days in (90, 60, 30, 14) if days < label.horizon_days]


def _value(asked: _Asked, key: str) -> Any:
    section, name = key.split(".")
    return getattr(getattr(asked, section), name)


def _changed(asked: _Asked, change: dict[str, Any]) -> _Asked:
    for key, value in change.items():
        section, name = key.split(".")
        asked = replace(asked, **{section: _with(getattr(asked, section), name, value)})
    return asked


def _with(section: Part, name: str, value: Any) -> Part:
    return type(section).model_validate({**section.model_dump(mode="json"), name: value})


def _line(change: dict[str, Any]) -> str:
    lines = {
        "observations.first": '`{key}: "{value}"`, where the data reach so far back',
        "label.horizon_days": "`{key}: {value}`, which asks another question",
    }
    said = [lines.get(key, "`{key}: {value}`").format(key=key, value=value) for key, value in change.items()]
    return " and ".join(said)
