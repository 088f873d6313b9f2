"""The month of a spec as the kinds of drift are asked about it, and what they find."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pandas as pd

from experiments.evaluation.monitoring import kinds, verdicts
from experiments.evaluation.monitoring.evidence import ColumnSeen, MonthSeen
from experiments.evaluation.monitoring.kind import DriftKind
from experiments.evaluation.monitoring.verdicts import Judged
from experiments.spec import ExperimentSpec
from experiments.statistics import rounding
from features.errors import SpecError
from features.plugins import discover
from pipelines.champion import loading, model_versions
from pipelines.jobs.monitoring import matured, served, tables_seen, todays_rows, watched
from pipelines.jobs.monitoring.todays_rows import MonthRows
from pipelines.jobs.monitoring.watched import Watched
from pipelines.specs.options import source_of
from pipelines.validation import stored
from pipelines.validation.stored import Stored
from pipelines.workspace import Workspace


@dataclass(frozen=True)
class Monitored:
    """What was found: every change, the date of the rows, the version, and the dates whose outcomes became known.

    not_measured are those that the spec accepts changes of, as "kind: name", and of which nothing was measured.
    """

    spec: str
    title: str
    at: str
    version: str
    customers: int
    known_outcomes: tuple[str, ...]
    compared_with: tuple[str, ...]
    false_alarms: float
    not_measured: tuple[str, ...]
    changes: tuple[Judged, ...]

    @property
    def asking(self) -> tuple[Judged, ...]:
        """The changes that ask for retraining."""
        return tuple(one for one in self.changes if one.asks)

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain data, numbers rounded."""
        told: dict[str, Any] = rounding.plain(
            {**vars(self), "changes": [one.to_dict() for one in self.changes], "retrain": bool(self.asking)}
        )
        return told


def monitored(spec: ExperimentSpec, workspace: Workspace, *, asked: date | None) -> Monitored:
    """Measure all kinds of drift. Raises SpecError where the section `monitoring` names what there is not.

    Raises MissingError without a champion, UsageError without rows or for a date that the data do not have,
    StorageError where a database does not answer.
    """
    known = discover(kinds, DriftKind)
    if strange := verdicts.unknown(known, spec.monitoring):
        raise SpecError(f"spec '{spec.name}': monitoring names {strange}; the kinds of drift are {sorted(known)}.")
    champion = watched.read(spec, workspace)
    dates, file = champion.reference.training_dates, str(spec.source.get("file", ""))
    rows = todays_rows.read(workspace, asked=asked, training_dates=dates, file=file)
    over = matured.dates(spec, workspace, champion, at=rows.at) if rows.at else []
    tables = _tables(spec, workspace) if rows.at and workspace.tables.is_dir() else {}
    answered = tuple(served.seen(spec, workspace, champion, asked=asked))
    month = replace(_month(spec, workspace, champion, rows, over, tables), served=answered)
    _check_accepted(spec, known, _watched(spec, champion, month, tables))
    changes = verdicts.judged(known, month, said=spec.monitoring)
    where = {name for one in month.features for name in one.known}
    return Monitored(
        spec=spec.name,
        title=spec.title,
        at=str(rows.at or ""),
        version=champion.version,
        customers=len(rows.rows),
        known_outcomes=tuple(over),
        compared_with=tuple(sorted(where, reverse=True)),
        false_alarms=spec.monitoring.false_alarms,
        not_measured=tuple(verdicts.not_measured(spec.monitoring, changes)),
        changes=changes,
    )


def _check_accepted(
    spec: ExperimentSpec, known: Mapping[str, DriftKind], watched_names: Mapping[str, Collection[str]]
) -> None:
    """Raises SpecError where the spec accepts changes of something that is not watched."""
    for kind, names in verdicts.unknown_names(known, spec.monitoring, watched=watched_names).items():
        there = sorted(known[kind].names(watched_names))
        raise SpecError(f"spec '{spec.name}': monitoring.accept.{kind} names {names}; there are {there}.")


def _watched(
    spec: ExperimentSpec, champion: Watched, month: MonthSeen, tables: Mapping[str, Stored]
) -> Mapping[str, Collection[str]]:
    """The names of all that a month may measure, by `DriftKind.of`."""
    of_rows = [one.name for one in month.volumes]
    return {
        "features": [one.name for one in champion.reference.columns],
        "predictions": [one.name for one in champion.reference.predictions],
        "volumes": [*of_rows, *(tables_seen.rows_of(name) for name in tables)],
        "tables": list(tables),
        "actions": spec.actions,
    }


def _month(
    spec: ExperimentSpec,
    workspace: Workspace,
    champion: Watched,
    rows: MonthRows,
    over: list[str],
    held: Mapping[str, Stored],
) -> MonthSeen:
    tables = list(tables_seen.days_of(held, at=rows.at)) if rows.at else []
    volumes = [tables_seen.volume(one, at=rows.at) for one in tables] if rows.at else []
    return MonthSeen(
        features=tuple(_features(champion, rows)),
        predictions=tuple(_predictions(champion, rows)),
        volumes=(rows.customers, *(one for one in volumes if one is not None)),
        ages=tuple(tables_seen.age(one, at=rows.at) for one in tables) if rows.at else (),
        realised=tuple(matured.realised(spec, workspace, champion, over=over)) if champion.report else (),
    )


def _features(champion: Watched, month: MonthRows) -> Iterator[ColumnSeen]:
    ids, before = month.rows["customer_id"], month.last_year
    for one in champion.reference.columns:
        then = None if before is None or one.name not in before else before[one.name]
        yield one.seen(
            month.rows.get(one.name), ids, last_year=then, ids_then=None if before is None else before["customer_id"]
        )


def _predictions(champion: Watched, month: MonthRows) -> Iterator[ColumnSeen]:
    """The predictions for both sets of rows; none where today's lack a column, which is told of the column."""
    if set(model_versions.asked(champion.model)) - set(month.rows):
        return
    now, then = (_predicted(champion, rows) for rows in (month.rows, month.last_year))
    for one in champion.reference.predictions:
        if now is not None and one.name in now:
            ids_then = None if month.last_year is None else month.last_year["customer_id"].reset_index(drop=True)
            yield one.seen(
                now[one.name],
                month.rows["customer_id"].reset_index(drop=True),
                last_year=None if then is None else then[one.name],
                ids_then=ids_then,
            )


def _predicted(champion: Watched, rows: pd.DataFrame | None) -> pd.DataFrame | None:
    if rows is None or set(model_versions.asked(champion.model)) - set(rows):
        return None
    found = loading.predict_in_parts(champion.model, rows).reset_index(drop=True)
    names = [one.name for one in champion.reference.predictions if one.name in found]
    # As those of the gate cohort are kept: a difference in the last digit would move ties into another bin.
    return pd.DataFrame({name: rounding.probabilities(found[name].to_numpy(dtype=float)) for name in names})


def _tables(spec: ExperimentSpec, workspace: Workspace) -> Mapping[str, Stored]:
    """The tables that are watched."""
    source, options = source_of(spec)
    return tables_seen.dated(stored.tables_of(workspace.tables, source.declare(options)), ended=spec.validation.ended)
