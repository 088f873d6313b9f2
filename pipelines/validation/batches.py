"""What Great Expectations is given: rows in batches, with helper columns that took the whole table to compute."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import duckdb
import pyarrow as pa

from pipelines.engine import MEMORY_LIMIT, THREADS
from pipelines.validation import suites
from pipelines.validation.stored import Stored
from pipelines.validation.suites import Demand

ROWS_PER_BATCH = 2_000_000


@dataclass(frozen=True)
class Batch:
    """Rows to judge, what is demanded of them, and the columns that name a row."""

    name: str
    rows: pa.Table
    demands: tuple[Demand, ...]
    key: tuple[str, ...]


@contextmanager
def opened() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory, within the engine's limit, that spills to disk."""
    with tempfile.TemporaryDirectory(prefix="holdfast-spill-") as spill:
        limits = {"memory_limit": MEMORY_LIMIT, "threads": THREADS, "temp_directory": spill}
        with duckdb.connect(config=limits) as connection:
            yield connection


def of_parts(table: Stored) -> Batch:
    """One row for each part of a table, with the type in which it holds each column."""
    types = {name: table.types(name) for name in table.declared.names}
    rows = pa.table({**types, "part": list(table.files)})
    return Batch(f"{table.declared.name}: stored types", rows, suites.part_demands(table.declared), ("part",))


def of_rows(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    *,
    tables: Mapping[str, Stored],
    extracted_at: datetime | None,
    at_most: int = ROWS_PER_BATCH,
) -> Iterator[Batch]:
    """The rows of a table, at_most (above 2,000) in a batch, with the columns that are judged, shown or of the key.

    Helper columns stand beside them: key_copies (how many rows share the key), `<column>_found` (whether a
    reference leads somewhere; null where the value is) and extracted_at.
    """
    table = tables[name]
    demands = suites.row_demands(table.declared, sound=table.sound, unread=table.unread, extracted_at=extracted_at)
    key = tuple(column for column in suites.full_key(table.declared) if column in table.columns)
    plain = sorted(({column for demand in demands for column in demand.needs} | set(key)) & table.columns)
    helpers = [_copies(connection, table), *_found(connection, table, tables=tables)]
    query = _query(table, plain=plain, helpers=helpers, extracted_at=extracted_at)
    reader = connection.sql(query).to_arrow_reader(at_most)
    for number, rows in enumerate(_gathered(reader, at_most), start=1):
        yield Batch(name if number == 1 else f"{name} ({number})", rows, demands, key)


def _gathered(reader: pa.RecordBatchReader, at_most: int) -> Iterator[pa.Table]:
    """The rows of a reader in tables of at_most rows: DuckDB gives a batch for each part, or for less."""
    gathered: list[pa.RecordBatch] = []
    for batch in reader:
        if gathered and sum(one.num_rows for one in gathered) + batch.num_rows > at_most:
            yield pa.Table.from_batches(gathered)
            gathered = []
        gathered.append(batch)
    if gathered:
        yield pa.Table.from_batches(gathered)


def _query(
    table: Stored, *, plain: Sequence[str], helpers: Sequence[tuple[str, str]], extracted_at: datetime | None
) -> str:
    selected = [f"t.{_quoted(column)}" for column in plain] + [expression for expression, _ in helpers]
    if extracted_at is not None:
        selected.append(f"TIMESTAMP '{extracted_at}' AS {suites.EXTRACTED_AT}")
    joins = " ".join(join for _, join in helpers)
    return f"SELECT {', '.join(selected)} FROM {table.scan()} AS t {joins}"  # noqa: S608 - quoted names only


def _copies(connection: duckdb.DuckDBPyConnection, table: Stored) -> tuple[str, str]:
    """key_copies as an expression, and the join that it needs; the few keys that occur twice are found once."""
    key = [_quoted(column) for column in suites.full_key(table.declared)]
    if not set(suites.full_key(table.declared)) <= table.sound:
        return f"1 AS {suites.KEY_COPIES}", ""
    whole = " AND ".join(f"{column} IS NOT NULL" for column in key)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE copies AS SELECT {', '.join(key)}, count(*) AS copies"  # noqa: S608
        f" FROM {table.scan()} WHERE {whole} GROUP BY ALL HAVING copies > 1"
    )
    same = " AND ".join(f"t.{column} = copies.{column}" for column in key)
    return f"coalesce(copies.copies, 1) AS {suites.KEY_COPIES}", f"LEFT JOIN copies ON {same}"


def _found(
    connection: duckdb.DuckDBPyConnection, table: Stored, *, tables: Mapping[str, Stored]
) -> Iterator[tuple[str, str]]:
    """`<column>_found` of each reference as an expression, and the join that it needs."""
    for column in table.declared.columns:
        if column.references and column.name in table.sound:
            there = _there(connection, str(column.references), tables=tables)
            name = _quoted(column.name)
            found = f"CASE WHEN t.{name} IS NOT NULL THEN {there}.value IS NOT NULL END"
            join = f"LEFT JOIN {there} ON t.{name}::VARCHAR = {there}.value"
            yield f"{found} AS {_quoted(suites.found(column.name))}", join


def _there(connection: duckdb.DuckDBPyConnection, reference: str, *, tables: Mapping[str, Stored]) -> str:
    """A table of the values that a reference may lead to; empty where there is nothing to lead to."""
    target, _, column = reference.partition(".")
    name = _quoted(f"found_{reference}")
    source = "NULL::VARCHAR AS value LIMIT 0"
    if target in tables and column in tables[target].columns:
        source = f"{_quoted(column)}::VARCHAR AS value FROM {tables[target].scan()}"
    connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS {name} AS SELECT DISTINCT {source}")
    return name


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
