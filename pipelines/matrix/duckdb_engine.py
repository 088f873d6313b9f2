"""Ibis expressions over the canonical tables on DuckDB, within a memory limit, spilling to disk."""

from collections.abc import Collection, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis.backends.sql import SQLBackend
from ibis.backends.sql.compilers.duckdb import DuckDBCompiler

from features.errors import MissingError
from features.feature import Feature
from features.hindsight import Hindsight, corrections
from features.history import History
from features.matrix import snapshot
from features.schema import Table
from pipelines.processes import memory

# How many dates are built at a time, each by a thread of its own.
AT_ONCE = 2
# What one engine has put into SQL, the other need not.
COMPILING = Lock()


class CountIfCompiler(DuckDBCompiler):  # type: ignore[misc]  # Ibis ships no types
    """Ibis 12 for DuckDB, with faster conditional counts."""

    def visit_CountStar(self, op: Any, *, arg: Any, where: Any) -> Any:  # noqa: N802 - Ibis finds it by name
        """Conditional counts by `count_if`, not by a filter."""
        if where is None:
            return super().visit_CountStar(op, arg=arg, where=where)
        return self.f.count_if(self.f.coalesce(where, False))


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]  # Ibis ships no types
def getvariable(variable: str) -> datetime:  # type: ignore[empty-body]  # it is DuckDB's
    """A variable of a DuckDB connection."""


@dataclass(frozen=True)
class Engine:
    """An open engine: its connection, and the tables by today's knowledge as expressions."""

    connection: SQLBackend
    known_today: Hindsight
    compiled: dict[Hashable, list[str]] = field(default_factory=dict)

    def several(self) -> list["Engine"]:
        """One engine per date built in parallel, each for its own thread.

        On two cores a date has one thread to itself, which costs less than two that share it, for they need not bring
        together what they found. Further cores help both.
        """
        at_once = min(AT_ONCE, memory.cores())
        self.connection.raw_sql(f"SET threads = {memory.cores() - at_once + 1}")
        found = [self]
        while len(found) < at_once:
            connection = _compiling(ibis.duckdb.from_connection(self.connection.con.cursor()))
            tables = {name: connection.table(name) for name in self.known_today.tables}
            kept = self.known_today.corrected
            corrected = {
                name: None if one is None else connection.table(_corrected(name)) for name, one in kept.items()
            }
            found.append(Engine(connection, Hindsight(tables, self.known_today.declared, corrected), self.compiled))
        return found

    def stop(self) -> None:
        """Interrupt the running query, of any thread."""
        self.connection.con.interrupt()

    def history(self, as_of: datetime, *, look_back_days: int) -> History:
        """The data as known strictly before `as_of`."""
        return History(self.known_today, as_of=as_of, look_back_days=look_back_days)

    def snapshot(
        self, features: Collection[Feature], *, as_of: datetime, look_back_days: int, observed: ir.Table
    ) -> Iterator[pa.Table]:
        """The expressions of `features.matrix.snapshot`, compiled to SQL once, with the date as a variable.

        Features of one name are one feature to an engine.
        """
        asked = (look_back_days, observed.get_name(), *(one.column.name for one in features))
        with COMPILING:
            if asked not in self.compiled:
                history = History(self.known_today, as_of=getvariable("as_of"), look_back_days=look_back_days)
                self.compiled[asked] = [self.connection.compile(one) for one in snapshot(history, features, observed)]
        for query in self.compiled[asked]:
            self.connection.con.execute("SET VARIABLE as_of = ?", [as_of])
            yield self.connection.con.sql(query).to_arrow_table()

    def rows(self, expression: ir.Table) -> pa.Table:
        """The result of an expression."""
        return expression.to_pyarrow()

    def size(self, expression: ir.Table) -> int:
        """The number of rows of an expression."""
        return int(self.rows(expression.count().as_table()).column(0)[0].as_py())

    def kept(self, name: str, expression: ir.Table, *, shared: bool = False) -> ir.Table:
        """An expression's result, stored under a name, replacing the previous one.

        No other of `several` engines sees it, unless it is shared.
        """
        # Not drop_table: Ibis 12 writes a statement without a name under sqlglot 30.
        self.connection.raw_sql(f"DROP TABLE IF EXISTS {name}")
        return self.connection.create_table(name, expression, temp=not shared)


def _compiling(connection: SQLBackend) -> SQLBackend:
    connection.compiler = CountIfCompiler()
    return connection


def present(folder: Path, declared: Mapping[str, Table]) -> Mapping[str, Table]:
    """The declared tables with Parquet parts in a folder. Raises MissingError when the folder does not exist."""
    if not folder.is_dir():
        raise MissingError(f"no tables at {folder}; run the ingest stage.")
    return {name: table for name, table in declared.items() if any((folder / name).glob("*.parquet"))}


def _corrected(name: str) -> str:
    return f"{name}_corrected"


def corrected(engine: Engine) -> Engine:
    """The engine with each table's corrections computed once."""
    today = engine.known_today
    dated = {name: table.key for name, table in today.declared.items() if table.is_dated}
    kept = {
        name: engine.kept(_corrected(name), corrections(today.tables[name], key), shared=True)
        for name, key in dated.items()
    }
    found = {name: table if engine.size(table) else None for name, table in kept.items()}
    return replace(engine, known_today=replace(today, corrected=found))


@contextmanager
def opened(folder: Path, declared: Mapping[str, Table]) -> Iterator[Engine]:
    """An engine over the Parquet parts of a folder. Raises MissingError when the folder does not exist."""
    found = present(folder, declared)
    with memory.limits() as limited:
        connection = _compiling(ibis.duckdb.connect(**limited))
        try:
            connection.raw_sql("SET GLOBAL parquet_metadata_cache = true")
            for name in found:
                parts = f"{folder / name}/*.parquet".replace("'", "''")
                # Ibis makes a view that only one connection sees.
                connection.raw_sql(f"CREATE VIEW {name} AS FROM read_parquet('{parts}', union_by_name = true)")
            tables = {name: connection.table(name) for name in found}
            yield corrected(Engine(connection, Hindsight(tables, found)))
        finally:
            connection.disconnect()
