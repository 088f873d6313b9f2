"""Runs Ibis expressions over the canonical tables on DuckDB, within a memory limit, spilling to disk."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis.backends.sql import SQLBackend

from features.errors import MissingError
from features.hindsight import Hindsight, corrections
from features.history import History
from features.schema import Table
from pipelines.memory import limits


@dataclass(frozen=True)
class Engine:
    """An open engine: its connection, and all that is known today as expressions over it."""

    connection: SQLBackend
    known_today: Hindsight

    def history(self, as_of: datetime, *, look_back_days: int) -> History:
        """What was known strictly before `as_of`."""
        return History(self.known_today, as_of=as_of, look_back_days=look_back_days)

    def rows(self, expression: ir.Table) -> pa.Table:
        """The rows of an expression."""
        return expression.to_pyarrow()

    def size(self, expression: ir.Table) -> int:
        """How many rows an expression has."""
        return int(self.rows(expression.count().as_table()).column(0)[0].as_py())

    def kept(self, name: str, expression: ir.Table) -> ir.Table:
        """An expression worked out once and kept under a name, in place of what was kept under it before."""
        # Not drop_table: Ibis 12 writes a statement without a name under sqlglot 30.
        self.connection.raw_sql(f"DROP TABLE IF EXISTS {name}")
        return self.connection.create_table(name, expression, temp=True)


def present(folder: Path, declared: Mapping[str, Table]) -> Mapping[str, Table]:
    """The declared tables that have Parquet parts in a folder. Raises MissingError when there is no such folder."""
    if not folder.is_dir():
        raise MissingError(f"no tables at {folder}; run the ingest stage.")
    return {name: table for name, table in declared.items() if any((folder / name).glob("*.parquet"))}


def corrected(engine: Engine) -> Engine:
    """The engine with what corrects what in each of its tables, worked out once."""
    today = engine.known_today
    dated = {name: table.key for name, table in today.declared.items() if table.is_dated}
    kept = {name: engine.kept(f"{name}_corrected", corrections(today.tables[name], key)) for name, key in dated.items()}
    found = {name: table if engine.size(table) else None for name, table in kept.items()}
    return replace(engine, known_today=replace(today, corrected=found))


@contextmanager
def opened(folder: Path, declared: Mapping[str, Table]) -> Iterator[Engine]:
    """An engine over the Parquet parts of a folder. Raises MissingError when there is no such folder."""
    found = present(folder, declared)
    with limits() as limited:
        connection = ibis.duckdb.connect(**limited)
        try:
            tables = {
                name: connection.read_parquet(f"{folder / name}/*.parquet", table_name=name, union_by_name=True)
                for name in found
            }
            yield corrected(Engine(connection, Hindsight(tables, found)))
        finally:
            connection.disconnect()
