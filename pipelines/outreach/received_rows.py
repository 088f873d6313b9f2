"""Rows that somebody sends to the service: held to the declarations of their tables, and in Arrow's types."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from features.errors import DataError
from features.event_log import received
from features.schema import Column, Table, nearest
from pipelines.outreach.operations import clock
from pipelines.outreach.operations.received_events import Received
from pipelines.validation.batches import ROUNDING
from pipelines.validation.dates import EARLIEST, MOST_YEARS_AHEAD
from pipelines.validation.suspicious import limit

# How far the sender's clock may be ahead, and how many characters an id and another text may have.
AHEAD = timedelta(minutes=5)
LONGEST_ID, LONGEST_TEXT, LONGEST_TIME = 200, 100_000, 64


def checked(
    declared: Mapping[str, Table], table: str, row: Mapping[str, Any], *, now: datetime, time_zone: str
) -> dict[str, Any]:
    """A row as it is kept: JSON values by column, without those that are missing; times are ISO texts of the company.

    now is by the company's clocks, without zone. A time that names its zone is converted; of a table of days the day
    alone is kept. Raises DataError, in a sentence without any value, for what its table or the checks of the batch
    would refuse; whether the customer is known, and joined before, is for others to say.
    """
    found = _table(declared, table)
    columns = {column.name: column for column in found.columns if column.name != "known_at"}
    if "known_at" in row:
        raise DataError(f"{table}.known_at is set on arrival; leave it out.")
    if unknown := [name for name in row if name not in columns]:
        raise DataError(f"{table} has no column {unknown[0][:LONGEST_TIME]!r}; {nearest(unknown[0][:64], columns)}.")
    kept = {}
    for name, column in columns.items():
        value = None if row.get(name) is None else _value(found, column, row[name], now=now, time_zone=time_zone)
        if value is None and not column.nullable:
            raise DataError(f"{table}.{name} must not be missing.")
        if value is not None:
            kept[name] = value
    _check_together(found, kept)
    return kept


def before_joined(table: Table, row: Mapping[str, Any], joined_at: datetime | None) -> bool:
    """Whether a checked row happened before the day on which its customer joined: the batch leaves such rows out."""
    if joined_at is None or table.name == "customers":
        return False
    return datetime.fromisoformat(row["event_at"]).date() < joined_at.date()


def arrow_rows(events: Sequence[Received], declared: Mapping[str, Table]) -> dict[str, pa.Table]:
    """Received rows by table, each in its declared columns and types, in the order of their numbers.

    Tables without any are left out, as are rows of tables that are declared no more.
    """
    found: dict[str, list[Received]] = {}
    for one in events:
        found.setdefault(one.event.table, []).append(one)
    return {
        name: received.typed([one.known_at for one in some], [one.event.row for one in some], declared[name])
        for name, some in found.items()
        if name in declared
    }


def _table(declared: Mapping[str, Table], table: str) -> Table:
    takes = sorted(name for name, one in declared.items() if not one.is_made)
    if table in takes:
        return declared[table]
    if table in declared:
        raise DataError(f"{table} is made of the other tables; rows can be sent for {takes}.")
    raise DataError(f"the spec maps no table {table[:LONGEST_TIME]!r}; rows can be sent for {takes}.")


def _value(table: Table, column: Column, value: Any, *, now: datetime, time_zone: str) -> Any:
    place = f"{table.name}.{column.name}"
    if column.type in ("text", "category"):
        return _text(place, column, value, is_id=column.name in ("customer_id", *table.key))
    if column.type == "timestamp":
        is_day = table.daily and column.name == "event_at"
        return _moment(place, column, value, now=now, time_zone=time_zone, is_day=is_day)
    if column.type == "boolean":
        if not isinstance(value, bool):
            raise DataError(f"{place} must be true or false.")
        return value
    return _number(place, column, value, most=limit(table, column))


def _text(place: str, column: Column, value: Any, *, is_id: bool) -> str | None:
    """The text without the spaces around it, as mappings have it; None for a blank one."""
    if not isinstance(value, str):
        raise DataError(f"{place} must be a text: write it in quotes.")
    longest = LONGEST_ID if is_id else LONGEST_TEXT
    if len(value) > longest:
        raise DataError(f"{place} has {len(value):,} characters; it may have {longest:,}.")
    # Neither can be stored everywhere: PostgreSQL has no place for the first, UTF-8 none for half a character.
    if "\0" in value or any("\ud800" <= one <= "\udfff" for one in value):
        raise DataError(f"{place} has characters that are no text.")
    text = value.strip(" ") or None
    if text is not None and column.values and text not in column.values:
        raise DataError(f"{place} must be one of {', '.join(column.values)}.")
    return text


def _moment(place: str, column: Column, value: Any, *, now: datetime, time_zone: str, is_day: bool) -> str:
    """A time of the company's clocks; of a day its midnight, which must have come."""
    try:
        # What is no text, or far too long for a time, is read as one that is none.
        value = value if isinstance(value, str) and len(value) <= LONGEST_TIME else ""
        said, moment = datetime.fromisoformat(value), clock.shown(value, time_zone)
    except (ValueError, OverflowError):
        raise DataError(f"{place} must be a time, such as 2026-01-31T09:00:00 or 2026-01-31T09:00:00+01:00.") from None
    if is_day:
        moment = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if moment < EARLIEST:
        raise DataError(f"{place} must not be before {EARLIEST:%Y-%m-%d}.")
    exact = said.tzinfo is not None and not is_day
    if column.may_be_future:
        if moment.year > now.year + MOST_YEARS_AHEAD:
            raise DataError(f"{place} must not be over {MOST_YEARS_AHEAD} years ahead.")
    else:
        latest = now.replace(tzinfo=ZoneInfo(time_zone), fold=1).astimezone(UTC) + (timedelta(0) if is_day else AHEAD)
        if not (said <= latest if exact else clock.has_come(moment, time_zone, latest)):
            shown = f"{now:%Y-%m-%d %H:%M:%S} ({time_zone})"
            raise DataError(f"{place} must not be in the future; clocks here show {shown}.")
    if not exact and not clock.is_shown(moment, time_zone):
        raise DataError(f"{place} is a time that no clock showed: they went forward ({time_zone}).")
    return moment.isoformat()


def _number(place: str, column: Column, value: Any, *, most: float) -> float | int:
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or (isinstance(value, float) and not isfinite(value))
    ):
        raise DataError(f"{place} must be a number.")
    if column.type == "integer" and value != int(value):
        raise DataError(f"{place} must be a whole number.")
    low, high = column.minimum, column.maximum
    if abs(value) > most:
        raise DataError(f"{place} must be at most {most:.16g} in size.")
    if low is not None and (value < low or (column.above_minimum and value == low)):
        raise DataError(f"{place} must be {'above' if column.above_minimum else 'at least'} {low:.15g}.")
    if high is not None and value > high:
        raise DataError(f"{place} must be at most {high:.15g}.")
    return int(value) if column.type == "integer" else float(value)


def _check_together(table: Table, row: Mapping[str, Any]) -> None:
    """What columns of a row say together. Raises DataError."""
    if "resolved_at" in row and "resolved_at" in table.names and row["resolved_at"] < row["event_at"]:
        raise DataError(f"{table.name}.resolved_at must not be before event_at.")
    for column in table.columns:
        if column.distribution_of and column.name in row:
            known = table.column(column.distribution_of).values
            if not _is_distribution(row[column.name], row[column.distribution_of], row.get("probability"), known):
                raise DataError(
                    f"{table.name}.{column.name} must be JSON with a probability for each {column.distribution_of},"
                    " which sum to 1, the row's own among them as in probability."
                )


def _is_distribution(text: str, own: str, probability: float | None, known: Sequence[str]) -> bool:
    try:
        shares = json.loads(text)
    except (ValueError, RecursionError):
        return False
    if not isinstance(shares, dict) or own not in shares or (known and not set(shares) <= set(known)):
        return False
    if any(isinstance(one, bool) or not isinstance(one, int | float) or not 0 <= one <= 2 for one in shares.values()):
        return False
    is_own = probability is None or abs(shares[own] - probability) <= ROUNDING
    return is_own and abs(sum(shares.values()) - 1) <= ROUNDING
