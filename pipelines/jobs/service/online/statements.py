"""Statements that are prepared once on a connection of DuckDB, and executed with values."""

from datetime import datetime

import duckdb

Value = str | datetime


class Statements:
    """The prepared statements of one connection, by name."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor

    def prepare(self, name: str, sql: str) -> None:
        """Prepare a statement, whose parameters are $1, $2 and so on."""
        self._cursor.execute(f"PREPARE {name} AS {sql}")

    def execute(self, name: str, *values: Value) -> duckdb.DuckDBPyConnection:
        """The connection, which has the rows. Values are written into the text: DuckDB binds none to EXECUTE."""
        told = f"({', '.join(map(literal, values))})" if values else ""
        return self._cursor.execute(f"EXECUTE {name}{told}")


def literal(value: Value) -> str:
    """A value as SQL."""
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value.isoformat(' ')}'"
    return "'" + value.replace("'", "''") + "'"
