"""Suspicious values: too large to calculate with, constant columns, or numbers that mark missing values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from features.arm_column import STRATUM
from features.event_log.expressions import quoted
from features.schema import Column, Table
from pipelines.validation.stored import Stored

NUMBERS = ("integer", "number")
# Doubles hold every whole number up to here, and no further.
LARGEST_WHOLE = 2**53 - 1
# Squares, cubes and sums over all customers of such numbers are far from the end of doubles.
LARGEST = 1e30
# Features are counted in decimals of six places, with twelve before them: features.history.EXACT.
LARGEST_IN_HISTORY = 1e12 - 1
# What people write where a value is missing: nines, with either sign.
MARKERS = tuple(sign * (10**digits - 1) for digits in range(2, 11) for sign in (-1, 1))
# Fewer rows of a value may be chance.
FEWEST_ROWS = 3
_NO_FEATURES = {"customer_id", "arm", "probability", STRATUM}


@dataclass(frozen=True)
class Extremes:
    """The minimum and maximum finite value of a column, the number of such values, and the rows of the table."""

    low: Any
    high: Any
    known: int
    rows: int


def limit(table: Table, column: Column) -> float:
    """The largest allowed magnitude of a number."""
    if column.type == "integer":
        return LARGEST_WHOLE
    return LARGEST_IN_HISTORY if table.is_dated else LARGEST


def too_large(extremes: Mapping[str, Extremes], table: Table) -> list[str]:
    """The columns with a number beyond the limit."""
    numbers = [one for one in table.columns if one.type in NUMBERS and one.name in extremes]
    return [one.name for one in numbers if _size(extremes[one.name]) > limit(table, one)]


def _size(found: Extremes) -> float:
    return 0.0 if found.known == 0 else max(abs(found.low), abs(found.high))


def extremes(connection: duckdb.DuckDBPyConnection, table: Stored) -> dict[str, Extremes]:
    """The extremes of every column that exists in its declared type."""
    columns = [one for one in table.declared.columns if one.name in table.sound]
    if not columns:
        return {}
    asked = ", ".join(f"min({value}), max({value}), count({value})" for value in map(_finite, columns))
    (found,) = connection.execute(f"SELECT count(*), {asked} FROM {table.scan()}").fetchall()  # noqa: S608 - quoted
    rows, *figures = found
    of_each = [figures[3 * place : 3 * place + 3] for place in range(len(columns))]
    return {
        one.name: Extremes(low, high, known, rows) for one, (low, high, known) in zip(columns, of_each, strict=True)
    }


def _finite(column: Column) -> str:
    name = quoted(column.name)
    return f"CASE WHEN isfinite({name}) THEN {name} END" if column.type == "number" else name


def told(connection: duckdb.DuckDBPyConnection, table: Stored) -> Iterator[str]:
    """A sentence for each constant column, and for each value that looks like a marker of missing values.

    That a column of events is the same everywhere is not told: what a spec maps to a table often is.
    """
    found, unread = extremes(connection, table), table.unread
    for column in table.declared.columns:
        if column.name in found and column.name not in _NO_FEATURES and column.name not in unread:
            if not table.declared.is_dated:
                yield from _constant(table.declared.name, column, found[column.name])
            if column.type in NUMBERS:
                yield from _markers(connection, table, column)


def _constant(table: str, column: Column, found: Extremes) -> Iterator[str]:
    remedy = "it tells no customer from another; take it out of the spec, or look at the file"
    if found.known == 0:
        yield f"{table}.{column.name}: is missing in all {found.rows:,} rows; {remedy}"
    elif found.low == found.high and found.rows > 1:
        some = "" if found.known == found.rows else f" of the {found.known:,} that hold a value"
        yield f"{table}.{column.name}: is {found.low!r} in all {found.rows:,} rows{some}; {remedy}"


def _markers(connection: duckdb.DuckDBPyConnection, table: Stored, column: Column) -> Iterator[str]:
    name, listed = quoted(column.name), ", ".join(map(str, MARKERS))
    who = "customer_id" if "customer_id" in table.sound else table.declared.key[0]
    rest = f"SELECT min({name}), max({name}) FROM {table.scan()} WHERE {name} NOT IN ({listed})"  # noqa: S608 - quoted
    ((low, high),) = connection.execute(rest).fetchall()
    if low is None:
        return
    asked = f"SELECT {name}, count(*), min({quoted(who)}) FROM {table.scan()}"  # noqa: S608 - quoted names only
    query = f"{asked} WHERE {name} IN ({listed}) GROUP BY 1 ORDER BY 1"
    for value, rows, first in connection.execute(query).fetchall():
        below, above = value < 0 <= low, value - high > high - low
        if rows >= FEWEST_ROWS and (below or above):
            where, said = f"{table.declared.name}.{column.name}", f"{value:.15g}"
            remedy = (
                f"map it as `nullif(..., {said})`"
                if table.declared.is_dated
                else f"write `missing: ['{said}']` and `nullable: true` at source.columns.{column.name}"
            )
            yield (
                f"{where}: {said} stands in {rows:,} rows (first: {who}={first}), far from all others"
                f" ({low:.6g} to {high:.6g}): if it means that the value is missing, {remedy}"
            )
