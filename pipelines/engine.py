"""Runs Ibis expressions over the canonical tables on DuckDB, within a memory limit, spilling to disk."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from features.errors import MissingError
from features.history import History, corrections
from features.schema import Table

MEMORY_LIMIT = "2GB"
# With several threads DuckDB adds doubles in the order in which they finish: the last bits would differ every time.
THREADS = 1


@dataclass(frozen=True)
class Engine:
    """An open engine: the tables as expressions, and what corrects what, computed once."""

    tables: Mapping[str, ir.Table]
    corrected: Mapping[str, ir.Table]
    declared: Mapping[str, Table]

    def history(self, as_of: datetime, *, look_back_days: int) -> History:
        """What was known strictly before `as_of`."""
        return History(
            self.tables,
            declared=self.declared,
            as_of=as_of,
            look_back_days=look_back_days,
            corrected=self.corrected,
        )

    def rows(self, expression: ir.Table) -> pa.Table:
        """The rows of an expression."""
        return expression.to_pyarrow()


@contextmanager
def opened(folder: Path, declared: Mapping[str, Table]) -> Iterator[Engine]:
    """An engine over the Parquet parts of a folder. Raises MissingError when there are none."""
    if not folder.is_dir():
        raise MissingError(f"no tables at {folder}; run the ingest stage.")
    with tempfile.TemporaryDirectory(prefix="holdfast-spill-") as spill:
        connection = ibis.duckdb.connect(memory_limit=MEMORY_LIMIT, temp_directory=spill, threads=THREADS)
        try:
            present = {name: table for name, table in declared.items() if any((folder / name).glob("*.parquet"))}
            tables = {
                name: connection.read_parquet(f"{folder / name}/*.parquet", table_name=name, union_by_name=True)
                for name in present
            }
            corrected = {
                name: connection.create_table(f"{name}_corrected", corrections(tables[name], table.key), temp=True)
                for name, table in present.items()
                if table.is_dated
            }
            yield Engine(tables, corrected, present)
        finally:
            connection.disconnect()
