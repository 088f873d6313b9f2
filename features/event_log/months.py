"""The rows of a table partitioned by month of `known_at`: newer data add months and leave older parts unchanged."""

from collections.abc import Iterator

import duckdb
import pyarrow as pa

from features.event_log.expressions import quoted
from features.event_log.reading import SQL_TYPES
from features.schema import Table
from features.source import Part

_UNREADABLE = "__unreadable"


def parts(database: duckdb.DuckDBPyConnection, table: Table, rows: str, *, prefix: str = "") -> Iterator[Part]:
    """The parts of a declared table from the table `rows` of the database; absent columns are null.

    Each is named by its month, after prefix.
    """
    there = [row[0] for row in database.execute(f"DESCRIBE {rows}").fetchall()]
    chosen = [
        quoted(column.name) if column.name in there else f"CAST(NULL AS {SQL_TYPES[column.type]}) AS {column.name}"
        for column in table.columns
    ]
    chosen += [
        quoted(name) for name in there if name.removesuffix(_UNREADABLE) in table.names and name not in table.names
    ]
    order = ["customer_id", "event_at", "known_at", *table.key, *table.names]
    months = f"SELECT DISTINCT date_trunc('month', known_at) AS month FROM {rows} ORDER BY month"  # noqa: S608
    for (month,) in database.execute(months).fetchall():
        query = f"SELECT {', '.join(chosen)} FROM {rows} WHERE date_trunc('month', known_at) = TIMESTAMP '{month}'"  # noqa: S608
        ordered = f"SELECT * FROM ({query}) ORDER BY {', '.join(dict.fromkeys(order))}"  # noqa: S608
        yield Part(table.name, f"{prefix}{month:%Y-%m}", _typed(database.sql(ordered).to_arrow_table(), table))


def _typed(rows: pa.Table, table: Table) -> pa.Table:
    """The rows in the declared types, without the all-empty columns of unreadable texts."""
    types = {column.name: pa.type_for_alias(column.arrow_type) for column in table.columns}
    kept = [name for name in rows.column_names if name in types or rows[name].null_count < rows.num_rows]
    arrays = {name: rows[name].cast(types.get(name, pa.string())) for name in kept}
    return pa.table(arrays).combine_chunks()
