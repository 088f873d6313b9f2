"""Whether data reach over dates enough for what a spec asks, and which changes of the spec would do."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pandas as pd

from experiments.spec import ExperimentSpec
from experiments.split import split
from features.errors import DataError
from features.label import LabelWindow
from features.observations import observation_dates

# How many months further back a first date is looked for.
FURTHEST_MONTHS = 60


def check_dates(spec: ExperimentSpec, end: datetime) -> None:
    """Raise DataError when data that end at `end` hold too few dates for the split, before any of them is built.

    It names the choices that would do, each alone, or together where none does alone.
    """
    if spec.observations is None or (fault := _fault(spec, end)) is None:
        return
    choices = " or ".join(_choices(spec, end)) or "add data"
    raise DataError(f"spec '{spec.name}': {fault} What would do, on data that end at {end}: {choices}.")


def _fault(spec: ExperimentSpec, end: datetime) -> str | None:
    """What is wrong with the dates; None where they are enough."""
    mature = _mature(spec, end)
    if not mature:
        return "no observation is mature: the data end before a window closes."
    one_each = pd.DataFrame({"customer_id": "", "as_of": mature, "churned": 0.0, "arm": ""})
    try:
        split(one_each, spec=spec.split, label=spec.label)
    except DataError as error:
        return str(error)
    return None


def _mature(spec: ExperimentSpec, end: datetime) -> list[datetime]:
    if spec.observations is None:
        return []
    asked, label = spec.observations, spec.label
    days = {"lead_time_days": label.lead_time_days, "horizon_days": label.horizon_days}
    dates = observation_dates(asked.first, every_months=asked.every_months, data_end=end)
    return [one for one in dates if LabelWindow.after(one, **days).is_mature(end)]


def _choices(spec: ExperimentSpec, end: datetime) -> Iterator[str]:
    """Changes of a spec that are enough, the least of each kind, as lines of the spec."""
    found = False
    for several in _changes(spec):
        for change in several:
            if _fault(_changed(spec, change), end) is None:
                yield _line(change)
                found = True
                break
    if not found:
        least = {"observations.every_months": 1, "split.folds": 2, "split.gate_dates": 1}
        change = {key: value for key, value in least.items() if _value(spec, key) != value}
        if change and _fault(_changed(spec, change), end) is None:
            yield _line(change)


def _changes(spec: ExperimentSpec) -> Iterator[list[dict[str, Any]]]:
    asked, dates, label = spec.observations, spec.split, spec.label
    if asked is None:
        return
    yield [{"observations.every_months": months} for months in range(asked.every_months - 1, 0, -1)]
    yield [{"split.folds": folds} for folds in range(dates.folds - 1, 1, -1)]
    yield [{"split.gate_dates": gate} for gate in range((dates.gate_dates or 1) - 1, 0, -1)]
    first = pd.Timestamp(asked.first)
    earlier = (first - pd.DateOffset(months=months) for months in range(1, FURTHEST_MONTHS + 1))
    yield [{"observations.first": f"{one:%Y-%m-%d}"} for one in earlier]
    yield [{"label.horizon_days": days} for days in (90, 60, 30, 14) if days < label.horizon_days]


def _value(spec: ExperimentSpec, key: str) -> Any:
    section, name = key.split(".")
    return getattr(getattr(spec, section), name)


def _changed(spec: ExperimentSpec, change: dict[str, Any]) -> ExperimentSpec:
    plain = spec.model_dump(mode="json")
    for key, value in change.items():
        section, name = key.split(".")
        plain[section][name] = value
    return ExperimentSpec.model_validate(plain)


def _line(change: dict[str, Any]) -> str:
    lines = {
        "observations.first": '`{key}: "{value}"`, where the data reach so far back',
        "label.horizon_days": "`{key}: {value}`, which asks another question",
    }
    said = [lines.get(key, "`{key}: {value}`").format(key=key, value=value) for key, value in change.items()]
    return " and ".join(said)
