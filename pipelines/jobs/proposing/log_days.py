"""Dates of an event log: their format, the first and the last, and rows without one."""

from datetime import datetime, timedelta

import duckdb

from features.errors import UsageError
from features.event_log.expressions import literal
from pipelines.jobs.proposing.log_files import Log
from pipelines.jobs.proposing.log_mappings import reference
from pipelines.jobs.proposing.settling import Settling
from pipelines.jobs.proposing.sheets import Sheet

_DAYS = ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d", "%d %b %Y", "%d %B %Y")
FORMATS = tuple(day + time for day in _DAYS for time in ("", " %H:%M", " %H:%M:%S"))


def written(sheet: Sheet, name: str, settling: Settling, database: duckdb.DuckDBPyConnection) -> str | None:
    """The format of a column's dates; None for ISO dates, year first.

    Raises UsageError where two formats read every row: 01/02 may be either.
    """
    c, table = sheet.sql(name), sheet.table
    known, plain = database.execute(f"SELECT count({c}), count(TRY_CAST({c} AS TIMESTAMP)) FROM {table}").fetchall()[0]  # noqa: S608
    if plain >= 0.95 * known:
        return None
    counted = ", ".join(f"count(TRY(strptime({c}, {literal(one)})))" for one in FORMATS)
    read = database.execute(f"SELECT {counted} FROM {table}").fetchall()[0]  # noqa: S608
    fitting = [one for one, rows in zip(FORMATS, read, strict=True) if rows >= 0.95 * known]
    if settling.said.days_written in fitting:
        return settling.said.days_written
    if not fitting:
        raise UsageError(f"{sheet.file}: the dates of '{name}' have no common format; correct the file.")
    if len(fitting) > 1:
        question = f"{sheet.file}: the dates of '{name}' fit {len(fitting)} formats."
        return settling.choice("--days-written", question=question, among=fitting)
    return fitting[0]


def expression(name: str, form: str | None) -> str:
    """The SQL expression of a date column for a spec."""
    return reference(name) if form is None else f"strptime({reference(name)}, {literal(form)})"


def moment(log: Log, name: str, form: str | None) -> str:
    """The SQL expression of a date column over a sheet of texts; null where it cannot be read."""
    c = log.sheet.sql(name)
    return f"TRY_CAST({c} AS TIMESTAMP)" if form is None else f"TRY(strptime({c}, {literal(form)}))"


def span(log: Log, sql: str, database: duckdb.DuckDBPyConnection) -> tuple[datetime, datetime]:
    """The first and the last moment of a date column."""
    ((first, last),) = database.execute(f"SELECT min({sql}), max({sql}) FROM {log.sheet.table}").fetchall()  # noqa: S608
    return first, last


def unmapped(log: Log, sql: str, database: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """The number of rows without a customer or a readable date, and the number of all rows."""
    who = log.sheet.sql(log.customer)
    query = f"SELECT count(*) FILTER ({who} IS NULL OR {sql} IS NULL), count(*) FROM {log.sheet.table}"  # noqa: S608
    lost, rows = database.execute(query).fetchall()[0]
    return int(lost), int(rows)


def next_day(moment: datetime) -> datetime:
    """The midnight after a moment."""
    return datetime(moment.year, moment.month, moment.day) + timedelta(days=1)
