"""The proposed spec of an event log."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import duckdb

from features.errors import UsageError
from features.event_log.expressions import literal
from pipelines.jobs.proposing import (
    drafts,
    log_days,
    log_label,
    log_mappings,
    log_recorded,
    log_sections,
    log_split,
    names,
    table_roles,
    writing,
)
from pipelines.jobs.proposing.drafts import Draft
from pipelines.jobs.proposing.log_files import Log, logs
from pipelines.jobs.proposing.log_label import Target
from pipelines.jobs.proposing.log_mappings import Columns
from pipelines.jobs.proposing.log_sections import Making
from pipelines.jobs.proposing.log_sections import Mapping as Mapped
from pipelines.jobs.proposing.settling import Said, Settling, as_day
from pipelines.jobs.proposing.sheets import Sheet

# The horizon, in days, that a churn flag is assumed to cover where the user gives none.
FLAG_DAYS = 30
# Horizons by preference where there is a leaving date.
ENDS_WITHIN = (30, 60, 90)


def proposed(spec: str, sheets: Sequence[Sheet], settling: Settling, database: duckdb.DuckDBPyConnection) -> Draft:
    """The draft. Raises UsageError, which names file and option, where the user must decide something first."""
    making = Making(settling, database)
    found = logs(sheets, settling, database)
    forms = {
        one.sheet.file: {name: log_days.written(one.sheet, name, settling, database) for name in one.days}
        for one in found
    }
    _refuse_unmapped(making, found, forms)
    kept = {log.sheet.file: log_recorded.recorded(log, forms[log.sheet.file]) for log in found}
    # A file of what the team did shows nothing that customers do; alone, it is taken for what there is.
    events = [one for one in found if not kept[one.sheet.file]] or found
    for log in found:
        if of_it := kept[log.sheet.file]:
            making.recorded += of_it
            making.open += [point for one in of_it for point in one.open]
            kinds = " and ".join(f"source.{one.kind}" for one in of_it)
            making.found.append(f"{log.files}: {_size(log, database):,} rows, proposed as {kinds}.")
    for log in events:
        columns = log_mappings.of_customers(log) if log.is_of_customers else log_mappings.of_events(log)
        making.mappings.append(Mapped(log.table, log, _with_days(columns, forms[log.sheet.file])))
        making.found.append(f"{log.files}: {_size(log, database):,} rows, proposed as `{log.table}`.")
    target = _target(making, events, forms)
    making.found.append(target.words)
    lines = [
        *writing.line("title", " ".join(names.words(spec)).capitalize() or spec),
        *writing.line(
            "currency", settling.said.currency or "eur", why="you said so" if settling.said.currency else "guess"
        ),
        *log_sections.source(making),
        *log_sections.label(target, making),
        *log_sections.rest(target, making),
    ]
    if settling.said.time_zone is None:
        making.open.append("source.time_zone: the files do not give their time zone, so UTC is assumed; --time-zone")
    making.open.append("value.constant: what keeping a customer is worth is not in the files")
    return drafts.draft(lines, found=making.found, left=making.open)


def _size(log: Log, database: duckdb.DuckDBPyConnection) -> int:
    return int(database.execute(f"SELECT count(*) FROM {log.sheet.table}").fetchall()[0][0])  # noqa: S608 - our name


def _with_days(columns: Columns, forms: Mapping[str, str | None]) -> Columns:
    """The columns, with date columns converted by their format."""
    spelt = {log_mappings.reference(name): log_days.expression(name, form) for name, form in forms.items()}
    dated = ("event_at", "joined_at", "starts_at", "ended_at")
    return {one: (spelt.get(sql, sql) if one in dated else sql, why) for one, (sql, why) in columns.items()}


def _refuse_unmapped(making: Making, found: Sequence[Log], forms: Mapping[str, Mapping[str, str | None]]) -> None:
    for log in found:
        sql = log_days.moment(log, log.event, forms[log.sheet.file][log.event])
        lost, rows = log_days.unmapped(log, sql, making.database)
        if lost > (making.said.unmapped or 0.0) * rows:
            share = lost / rows
            raise UsageError(
                f"{log.files}: {lost:,} of {rows:,} rows ({100 * share:.2f} %) lack a customer ('{log.customer}') or a"
                f" readable date ('{log.event}'). Give --unmapped {min(1.0, share * 1.05):.2g} to leave such rows"
                " out (they are counted and stored), or correct the file."
            )


def _target(making: Making, found: Sequence[Log], forms: Mapping[str, Mapping[str, str | None]]) -> Target:
    """The label: by a leaving date, by a churn flag, or by inactivity."""
    events = [one for one in found if not one.is_of_customers]
    spans = [log_days.span(one, _moment(one, forms), making.database) for one in events or found]
    first, end = min(one for one, _ in spans), max(one for _, one in spans) + timedelta(microseconds=1)
    who = next((one for one in found if one.is_of_customers), None)
    if who and (ended := log_mappings.end_column(who)):
        return _ended(making, who, ended, forms[who.sheet.file], first=first, end=end)
    flags = [name for name in who.sheet.columns if _is_flag(who, name, making.said)] if who else []
    if who and flags:
        return _flagged(making, who, forms[who.sheet.file], first=first, end=end)
    return _silent(making, events, forms, first=first, end=end)


def _moment(log: Log, forms: Mapping[str, Mapping[str, str | None]]) -> str:
    return log_days.moment(log, log.event, forms[log.sheet.file][log.event])


def _is_flag(log: Log, name: str, said: Said) -> bool:
    return name == said.label or (names.says(name, names.LEAVING) and log.profiles[name].distinct == 2)


def _ended(making: Making, who: Log, ended: str, forms: Mapping[str, str | None], *, first: datetime, end: datetime
           ) -> Target:  # fmt: skip
    horizons = [making.said.inactive_days] if making.said.inactive_days else list(ENDS_WITHIN)
    joined, gone = (log_days.moment(who, name, forms[name]) for name in (who.event, ended))
    shown = log_days.expression(ended, forms[ended])
    begun = log_mappings.contract(who, ended_at=None, known_at=None)
    over = log_mappings.contract(who, ended_at=shown, known_at=shown)
    drop = {"still here": f"{log_mappings.reference(ended)} IS NULL"}
    making.mappings.append(Mapped("contracts", who, _with_days(begun, forms)))
    making.mappings.append(Mapped("contracts", who, _with_days(over, forms), drop))
    why = f"likely: '{ended}' says when customers left"
    last = max(end, log_days.span(who, gone, making.database)[1] + timedelta(microseconds=1))

    def make(horizon_days: int, look_back: int) -> Target:
        return log_label.of_an_end(
            who, joined, gone, first=first, end=last, horizon_days=horizon_days, look_back=look_back, why=why,
            database=making.database,
        )  # fmt: skip

    return log_split.first_with_enough_dates(make, horizons, first=first, end=last, file=who.sheet.file)


def _flagged(making: Making, who: Log, forms: Mapping[str, str | None], *, first: datetime, end: datetime) -> Target:
    label = table_roles.label(who.sheet, who.profiles, making.settling)
    day = as_day(making.said.as_of) if making.said.as_of else log_days.next_day(end).date()
    days = making.said.inactive_days or FLAG_DAYS
    last, known = day + timedelta(days=days - 1), day + timedelta(days=days)
    begun = log_mappings.contract(who, ended_at=None, known_at=None)
    over = log_mappings.contract(who, ended_at=literal(str(last)), known_at=literal(str(known)))
    drop = {"stayed": f"{log_mappings.reference(label.column)} = {literal(label.retained)}"}
    making.mappings.append(Mapped("contracts", who, _with_days(begun, forms)))
    making.mappings.append(Mapped("contracts", who, _with_days(over, forms), drop))
    making.arms = table_roles.arms(who.sheet, who.profiles, making.settling, label=label.column)
    if making.arms:
        making.mappings.append(Mapped("treatments", who, log_mappings.treatments(who, making.arms, day=str(day))))
    making.open.append(
        f"observations.first, label.horizon_days: '{label.column}' says who left and not when. It is taken to be of the"
        f" {days} days from {day} on, the day after the last event; --as-of DAY, --inactive-days N"
    )
    joined = log_days.moment(who, who.event, forms[who.event])
    left = log_label.is_text(who.sheet.sql(label.column), label.churned)
    return log_label.of_a_flag(
        who, joined, left, day=day, horizon_days=days, look_back=max((end - first).days, 30), why=label.why,
        database=making.database,
    )  # fmt: skip


def _silent(making: Making, events: Sequence[Log], forms: Mapping[str, Mapping[str, str | None]], *, first: datetime,
            end: datetime) -> Target:  # fmt: skip
    best = next((one for one in events if one.table == "transactions"), events[0] if events else None)
    if best is None:
        raise UsageError("no file says who left, and none holds events that could show inactivity; --label COLUMN.")
    kept = "true"
    if best.table == "transactions" and best.amount:
        money = " * ".join(f"TRY_CAST({best.sheet.sql(name)} AS DOUBLE)" for name in best.amount)
        kept = f"coalesce({money}, 0) >= 0"
    log_label.note_events(best, _moment(best, forms), kept, making.database)
    horizons, why = log_label.pauses(making.database)
    if making.said.inactive_days:
        horizons, why = [making.said.inactive_days], "you said so"

    def make(horizon_days: int, look_back: int) -> Target:
        return log_label.of_silence(
            best,
            first=first,
            end=end,
            horizon_days=horizon_days,
            look_back=look_back,
            why=why,
            database=making.database,
        )

    target = log_split.first_with_enough_dates(make, horizons, first=first, end=end, file=best.sheet.file)
    if making.said.inactive_days is None:
        days = f"{target.horizon_days} days without events"
        shorter = " (the data are too short for more)" if target.horizon_days < horizons[0] else ""
        making.open.append(f"label.horizon_days: {days} are a proposal{shorter}; --inactive-days N")
    return target
