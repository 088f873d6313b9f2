"""Rows that the service received one by one: in the types of their tables, and joined to what the files say."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from features.errors import DataError
from features.event_log.expressions import literal
from features.schema import Table
from features.source import Raw

# The raw file of a spec that says `received`: number, table, key, known_at, row (JSON), raw (JSON or null).
FILE = "received.parquet"
NUMBER = "number"
_COLUMNS = (NUMBER, "table", "known_at", "row")
_MICROSECONDS = pa.timestamp("us")
_AT_ONCE = 50_000


def typed(known_at: Sequence[datetime], rows: Sequence[Mapping[str, Any]], table: Table) -> pa.Table:
    """Received rows of one table, in its columns and types; known_at is when each became known.

    A time that is not planned cannot be later than known_at: where the sender's clock was ahead, it is known_at.
    """
    known = pa.array(known_at, _MICROSECONDS)
    columns = {}
    for column in table.columns:
        said = [row.get(column.name) for row in rows]
        if column.name == "known_at":
            columns[column.name] = known
        elif column.type == "timestamp":
            moments = pa.array(said, pa.string()).cast(_MICROSECONDS)
            earliest = moments if column.may_be_future else pc.min_element_wise(moments, known, skip_nulls=False)
            columns[column.name] = earliest
        else:
            columns[column.name] = pa.array(said, pa.type_for_alias(column.arrow_type))
    return pa.table(columns)


def name_of(table: Table) -> str:
    """The table of the database with the received rows of a table."""
    return f"received_{table.name}"


def load(raw: Raw, declared: Sequence[Table]) -> None:
    """Make of the raw file a table of the database for each declared table: NUMBER, and its columns.

    Raises DataError where the file is not what `collect` writes.
    """
    database = raw.database
    there = raw.relation(FILE) if FILE in raw.names else None
    if there and (lacking := set(_COLUMNS) - {row[0] for row in database.execute(f"DESCRIBE {there}").fetchall()}):
        raise DataError(f"{FILE} has no column {sorted(lacking)}: `collect` writes it, and nobody else may.")
    for table in declared:
        empty = typed([], [], table).append_column(NUMBER, pa.array([], pa.int64()))
        database.register("received_now", empty)
        database.execute(f"CREATE TEMP TABLE {name_of(table)} AS FROM received_now")
        if there:
            for rows in _portions(database, there, table):
                database.register("received_now", _typed(rows, table))
                database.execute(f"INSERT INTO {name_of(table)} BY NAME FROM received_now")
        database.unregister("received_now")


def _portions(database: duckdb.DuckDBPyConnection, there: str, table: Table) -> Iterator[pa.Table]:
    """The rows of a table by number, so many at a time: as JSON they are large."""
    last = 0
    while True:
        asked = f'SELECT {NUMBER}, known_at, "row" FROM {there}'  # noqa: S608 - quoted names
        some = f'WHERE "table" = {literal(table.name)} AND {NUMBER} > {last} ORDER BY {NUMBER} LIMIT {_AT_ONCE}'
        rows = database.sql(f"{asked} {some}").to_arrow_table()
        if not len(rows):
            return
        yield rows
        last = rows[NUMBER][-1].as_py()


def _typed(rows: pa.Table, table: Table) -> pa.Table:
    try:
        found = typed(rows["known_at"].to_pylist(), [json.loads(one) for one in rows["row"].to_pylist()], table)
    except (ValueError, TypeError, AttributeError) as error:  # pa.ArrowInvalid is a ValueError
        raise DataError(f"{FILE} holds rows that are none of {table.name}: {error}.") from error
    return found.append_column(NUMBER, rows[NUMBER].cast(pa.int64()))
