"""Statements that are prepared once on a connection of DuckDB, and executed with values."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime
from typing import TypeVar

import duckdb

from features.event_log import expressions

Value = str | datetime
Found = TypeVar("Found")


# The moment at which customers are looked at, as Ibis writes it (`duckdb_engine.getvariable`).
MOMENT = "GETVARIABLE('as_of')"


class Statements:
    """The prepared statements of one connection, by name."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor
        self._places: dict[str, int] = {}

    def prepare(self, name: str, sql: str) -> None:
        """Prepare a statement, which is given the MOMENT in its text when it is executed.

        DuckDB plans a statement anew at each execution where a parameter stands in it twice, or is compared with a
        column as it is: each place has a parameter of its own, a text that is made a time.
        """
        first, *rest = sql.split(MOMENT)
        self._places[name] = len(rest)
        text = first + "".join(
            f"CAST(${place}::VARCHAR AS TIMESTAMP){part}" for place, part in enumerate(rest, start=1)
        )
        self._cursor.execute(f"PREPARE {name} AS {text}")

    def execute(self, name: str, moment: datetime) -> duckdb.DuckDBPyConnection:
        """The connection, which has the rows. The moment is written into the text: DuckDB binds none to EXECUTE."""
        told = ", ".join([literal(moment.isoformat(" "))] * self._places[name])
        return self._cursor.execute(f"EXECUTE {name}({told})")


def together(threads: ThreadPoolExecutor, do: Callable[[int], Found], many: int) -> list[Found]:
    """What a function gives of 0, 1 and so on, each in a thread; all have ended when this does, be it by an error."""
    pieces = [threads.submit(do, number) for number in range(many)]
    wait(pieces)
    return [one.result() for one in pieces]


def literal(value: Value) -> str:
    """A value as SQL."""
    return f"TIMESTAMP '{value.isoformat(' ')}'" if isinstance(value, datetime) else expressions.literal(value)
