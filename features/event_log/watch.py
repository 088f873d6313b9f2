"""Time and memory limits for the SQL expressions of a spec."""

import re
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from time import monotonic

import duckdb

from features.errors import DataError, SpecError

# A mapping is first tried on few rows of each file, then on some more, in so many seconds, with so much more memory and
# what a thread reads at a time.
TRIED_ROWS, TRIED_SECONDS, TRIED_BYTES, BYTES_OF_A_THREAD = (1, 8, 64, 512, 2_048), 5.0, 2**29, 2**26
# Then it runs over all rows, each of which may take so long.
START_SECONDS, ROW_SECONDS = 60.0, 0.001
# A text or a list that a function makes longer.
LONGEST = 10_000
# The functions that fill a text, with what they are given: size says how far.
_FILLING = {
    "repeat": ("text, size", "BIGINT"),
    "lpad": ("text, size, sign", "INTEGER"),
    "rpad": ("text, size, sign", "INTEGER"),
}
_TICK = 0.05
_UNITS = {"bytes": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}


def prepare(database: duckdb.DuckDBPyConnection) -> None:
    """Make the expressions of a spec fail row by row, and functions that lengthen a text fail beyond LONGEST."""
    # These would move a cast out of its TRY or into the reader of a file, where one bad value ends everything.
    database.execute("SET disabled_optimizers = 'common_subexpressions,type_pushdown,scalar_fn_pushdown'")
    for name, (taken, type_) in _FILLING.items():
        # No call of error(), which is not allowed within a TRY: a cast that fails for this row alone.
        small = f"CAST(CASE WHEN size > {LONGEST} THEN 'above {LONGEST}' ELSE size::VARCHAR END AS {type_})"
        database.execute(
            f"CREATE OR REPLACE TEMP MACRO {name}({taken}) AS system.main.{name}({taken.replace('size', small)})"
        )


@contextmanager
def reading(where: str) -> Iterator[None]:
    """A block for a mapping of the spec. Raises DataError where a value stops a whole file from being read."""
    try:
        yield
    except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
        reason = " ".join(str(error).split("Possible ")[0].split())
        raise DataError(f"{where}: {reason}") from error


@contextmanager
def trying(database: duckdb.DuckDBPyConnection, where: str, rows: int) -> Iterator[None]:
    """A block for queries on a few rows. Raises SpecError where they take too long or too much memory."""
    (threads,) = database.execute("SELECT current_setting('threads')").fetchall()[0]
    most = TRIED_BYTES + int(threads) * BYTES_OF_A_THREAD
    with _watched(database, f"{where}: over {rows:,} rows its expressions", TRIED_SECONDS, most):
        yield


@contextmanager
def running(database: duckdb.DuckDBPyConnection, where: str, rows: int) -> Iterator[None]:
    """A block for a query on so many rows. Raises SpecError where it takes too long or too much memory."""
    (limit,) = database.execute("SELECT current_setting('memory_limit')").fetchall()[0]
    figure, unit = re.fullmatch(r"([\d.]+) (\w+)", limit).groups()  # type: ignore[union-attr]  # DuckDB writes it so
    most = 2 * int(float(figure) * _UNITS[unit]) + 2**30
    with _watched(database, f"{where}: over {rows:,} rows its expressions", START_SECONDS + rows * ROW_SECONDS, most):
        yield


@contextmanager
def _watched(database: duckdb.DuckDBPyConnection, what: str, seconds: float, most: int) -> Iterator[None]:
    """Stop the database's queries beyond so many seconds or so many additional bytes."""
    ended, faults = Event(), list[str]()
    begun, before = monotonic(), _peak()

    def watch() -> None:
        while not ended.wait(_TICK):
            if monotonic() - begun > seconds:
                faults.append(f"took more than {seconds:,.0f} seconds")
            elif _peak() - before > most:
                faults.append(f"took more than {most / 2**30:.1f} GB of memory")
            if faults:
                database.interrupt()

    watcher = Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    except (duckdb.InterruptException, duckdb.OutOfMemoryException) as error:
        raise SpecError(f"{what} {faults[0] if faults else _first_line(error)}; correct them in the spec.") from error
    finally:
        ended.set()
        watcher.join()
    if faults:  # it ended before the query heard of it
        raise SpecError(f"{what} {faults[0]}; correct them in the spec.")


def _first_line(error: Exception) -> str:
    return f"took too much memory ({str(error).splitlines()[0]})"


def _peak() -> int:
    """The peak memory of this process in bytes."""
    found = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return found if sys.platform == "darwin" else found * 1024
