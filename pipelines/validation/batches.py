"""Batches of rows for Great Expectations, with helper columns that need the whole table."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import duckdb
import pyarrow as pa

from pipelines.processes.memory import limits
from pipelines.validation import dates, suites, suspicious
from pipelines.validation.demand import Demand
from pipelines.validation.stored import Stored

ROWS_PER_BATCH = 500_000
# How far written probabilities may be off one, or off each other.
ROUNDING = 1e-6
LIMIT = "1GB"  # beside it stand the rows that are judged, and what Great Expectations makes of them
# A sign of a currency, or its three letters beside a figure.
MONEY = r"\p{Sc}|[0-9]\s*[A-Z]{3}\b|\b[A-Z]{3}\s*[-+]?[0-9]"


@dataclass(frozen=True)
class Batch:
    """Rows to check, their expectations, and the columns that identify a row."""

    name: str
    rows: pa.Table
    demands: tuple[Demand, ...]
    key: tuple[str, ...]


@contextmanager
def opened() -> Iterator[duckdb.DuckDBPyConnection]:
    """An in-memory database, within the engine's limit, that spills to disk."""
    with limits(LIMIT) as limited, duckdb.connect(config=limited) as connection:
        yield connection


def of_parts(table: Stored) -> Batch:
    """One row per part of a table, with the type of each of its columns."""
    types = {name: table.types(name) for name in table.declared.names}
    rows = pa.table({**types, suites.PART: list(table.files)})
    return Batch(f"{table.declared.name}: stored types", rows, suites.part_demands(table.declared), (suites.PART,))


def of_rows(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    *,
    tables: Mapping[str, Stored],
    extracted_at: datetime | None,
    at_most: int = ROWS_PER_BATCH,
) -> Iterator[Batch]:
    """The rows of a table, at_most (above 2,000) per batch, with the checked, shown and key columns.

    Helper columns stand beside them: how many rows share the key, whether its rows are several customers' (1, or 2),
    whether a reference leads somewhere (null where the value is), the day on which the customer joined, the unread
    texts of numbers by whether they look like money, and the bounds of dates. No declared column has such a name.
    """
    table = tables[name]
    joined = list(_joined(connection, table, tables=tables))
    declared = {one.name: one for one in table.declared.columns}
    found = suspicious.too_large(suspicious.extremes(connection, table), table.declared)
    demands = suites.row_demands(
        table.declared,
        sound=table.sound,
        unread=table.unread,
        extracted_at=extracted_at,
        joins=bool(joined),
        large={one: suspicious.limit(table.declared, declared[one]) for one in found},
    )
    key = tuple(column for column in suites.full_key(table.declared) if column in table.columns)
    plain = sorted(({column for demand in demands for column in demand.needs} | set(key)) & table.columns)
    helpers = [
        _copies(connection, table),
        *_customers(connection, table),
        *_found(connection, table, tables=tables),
        *joined,
        *_money(table),
        *_distributions(table),
    ]
    query = _query(table, plain=plain, helpers=helpers, extracted_at=extracted_at)
    reader = connection.sql(query).to_arrow_reader(at_most)
    for number, rows in enumerate(_gathered(reader, at_most), start=1):
        yield Batch(name if number == 1 else f"{name} ({number})", rows, demands, key)


def _gathered(reader: pa.RecordBatchReader, at_most: int) -> Iterator[pa.Table]:
    """The rows of a reader in tables of at_most rows, merging DuckDB's smaller batches."""
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
    selected.extend(dates.helpers(table.declared, extracted_at))
    joins = " ".join(join for _, join in helpers)
    return f"SELECT {', '.join(selected)} FROM {table.scan()} AS t {joins}"  # noqa: S608 - quoted names only


def _copies(connection: duckdb.DuckDBPyConnection, table: Stored) -> tuple[str, str]:
    """suites.KEY_COPIES as an expression, with its join; the few duplicated keys are found once."""
    key = suites.unique_key(table.declared)
    if not set(key) <= table.sound:
        return f"1 AS {suites.KEY_COPIES}", ""
    join = _keys(connection, table, key=key, into="copies", having="count(*) > 1", value="count(*)")
    return f"coalesce(copies.value, 1) AS {suites.KEY_COPIES}", join


def _customers(connection: duckdb.DuckDBPyConnection, table: Stored) -> Iterator[tuple[str, str]]:
    """suites.KEY_CUSTOMERS as an expression, with its join; few keys have several customers."""
    key = table.declared.key
    if suites.has_one_customer(table.declared) and {*key, "customer_id"} <= table.sound:
        having = "min(customer_id) <> max(customer_id)"
        join = _keys(connection, table, key=key, into="customers_of_keys", having=having, value="2")
        yield f"coalesce(customers_of_keys.value, 1) AS {suites.KEY_CUSTOMERS}", join


def _keys(
    connection: duckdb.DuckDBPyConnection, table: Stored, *, key: Sequence[str], into: str, having: str, value: str
) -> str:
    """SQL join to a new table of the distinct complete keys with at least one finding."""
    names = [_quoted(column) for column in key]
    whole = " AND ".join(f"{name} IS NOT NULL" for name in names)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {into} AS SELECT {', '.join(names)}, {value} AS value"  # noqa: S608
        f" FROM {table.scan()} WHERE {whole} GROUP BY {', '.join(names)} HAVING {having}"
    )
    same = " AND ".join(f"t.{name} = {into}.{name}" for name in names)
    return f"LEFT JOIN {into} ON {same}"


def _found(
    connection: duckdb.DuckDBPyConnection, table: Stored, *, tables: Mapping[str, Stored]
) -> Iterator[tuple[str, str]]:
    """Whether each reference exists, as an expression, with its join."""
    for column in table.declared.columns:
        if column.references and column.name in table.sound:
            there = _there(connection, str(column.references), tables=tables)
            name = _quoted(column.name)
            found = f"CASE WHEN t.{name} IS NOT NULL THEN {there}.value IS NOT NULL END"
            join = f"LEFT JOIN {there} ON t.{name}::VARCHAR = {there}.value"
            yield f"{found} AS {_quoted(suites.found(column.name))}", join


def _there(connection: duckdb.DuckDBPyConnection, reference: str, *, tables: Mapping[str, Stored]) -> str:
    """A table of the existing values that a reference may have."""
    target, _, column = reference.partition(".")
    name = _quoted(f"found_{reference}")
    source = "NULL::VARCHAR AS value LIMIT 0"
    if target in tables and column in tables[target].columns:
        source = f"{_quoted(column)}::VARCHAR AS value FROM {tables[target].scan()}"
    connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS {name} AS SELECT DISTINCT {source}")
    return name


def _joined(
    connection: duckdb.DuckDBPyConnection, table: Stored, *, tables: Mapping[str, Stored]
) -> Iterator[tuple[str, str]]:
    """The joining day of a row's customer, by the latest version, with its join."""
    customers = tables.get("customers")
    known = {"customer_id", "joined_at", "known_at"}
    if customers is None or not known <= customers.sound or not dates.has_events(table.declared):
        return
    if {"customer_id", "event_at"} <= table.sound:
        connection.execute(
            f"CREATE TEMP TABLE IF NOT EXISTS joined AS SELECT customer_id,"  # noqa: S608 - our own words
            f" date_trunc('day', arg_max(joined_at, known_at))::TIMESTAMP AS {dates.JOINED_ON}"
            f" FROM {customers.scan()} GROUP BY customer_id"
        )
        # Of an event before all records, that fault is told and not this one too.
        is_recent = f"t.event_at >= TIMESTAMP '{dates.EARLIEST}'"
        joined_on = f"CASE WHEN {is_recent} THEN joined.{dates.JOINED_ON} END AS {dates.JOINED_ON}"
        yield joined_on, "LEFT JOIN joined ON t.customer_id = joined.customer_id"


def _money(table: Stored) -> Iterator[tuple[str, str]]:
    """The unreadable texts of each numeric column, divided into currency amounts and others."""
    for column in table.declared.columns:
        if column.name in table.unread and column.type == "number":
            raw = f"t.{_quoted(suites.unreadable(column.name))}"
            for name, is_money in ((suites.money(column.name), ""), (suites.strange(column.name), "NOT ")):
                yield f"CASE WHEN {is_money}regexp_matches({raw}, '{MONEY}') THEN {raw} END AS {_quoted(name)}", ""


def _distributions(table: Stored) -> Iterator[tuple[str, str]]:
    """Whether each text that is to hold a distribution does, as an expression; null where the text is."""
    for column in table.declared.columns:
        if column.distribution_of is None or column.name not in table.sound:
            continue
        text, own = f"t.{_quoted(column.name)}", f"t.{_quoted(column.distribution_of)}"
        shares = f"TRY_CAST(CASE WHEN json_valid({text}) THEN {text} END::JSON AS MAP(VARCHAR, DOUBLE))"
        asked = [f"abs(list_sum(map_values({shares})) - 1) <= {ROUNDING}", f"list_min(map_values({shares})) >= 0"]
        # With a missing share the sum would be one of the others.
        asked.append(f"list_count(map_values({shares})) = len(map_values({shares}))")
        if {column.distribution_of, "probability"} <= table.sound:
            asked.append(f"abs({shares}[{own}] - coalesce(t.probability, {shares}[{own}])) <= {ROUNDING}")
        if known := table.declared.column(column.distribution_of).values:
            names = ", ".join("'" + one.replace("'", "''") + "'" for one in known)
            asked.append(f"list_has_all([{names}], map_keys({shares}))")
        holds = f"coalesce({' AND '.join(asked)}, false)"
        yield f"CASE WHEN {text} IS NOT NULL THEN {holds} END AS {_quoted(suites.is_distribution(column.name))}", ""


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
