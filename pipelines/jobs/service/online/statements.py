"""Statements that are prepared once on a connection of DuckDB, and executed with values."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime
from typing import TypeVar

import duckdb

from features.event_log import expressions

Value = str | datetime
Found = TypeVar("Found")


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


def together(threads: ThreadPoolExecutor, do: Callable[[int], Found], many: int) -> list[Found]:
    """What a function gives of 0, 1 and so on, each in a thread; all have ended when this does, be it by an error."""
    pieces = [threads.submit(do, number) for number in range(many)]
    wait(pieces)
    return [one.result() for one in pieces]


def literal(value: Value) -> str:
    """A value as SQL."""
    return f"TIMESTAMP '{value.isoformat(' ')}'" if isinstance(value, datetime) else expressions.literal(value)
