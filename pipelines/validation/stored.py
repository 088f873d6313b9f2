"""The canonical tables on disk: their parts, row counts and columns."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import DataError, MissingError
from features.schema import Table
from pipelines.validation.suites import unreadable

ABSENT = "absent"


@dataclass(frozen=True)
class Stored:
    """A table on disk: its declaration, and the file, columns and row count of each part."""

    declared: Table
    files: Mapping[str, Path]
    schemas: Mapping[str, pa.Schema]
    rows: Mapping[str, int]

    @property
    def total(self) -> int:
        """The number of rows of all parts."""
        return sum(self.rows.values())

    @property
    def columns(self) -> frozenset[str]:
        """Every column that some part has."""
        return frozenset(name for schema in self.schemas.values() for name in schema.names)

    @property
    def sound(self) -> frozenset[str]:
        """The declared columns that every part has in their declared type."""
        return frozenset(c.name for c in self.declared.columns if set(self.types(c.name)) == {c.arrow_type})

    @property
    def unread(self) -> frozenset[str]:
        """The declared columns with unreadable values."""
        return frozenset(name for name in self.declared.names if unreadable(name) in self.columns)

    def types(self, column: str) -> list[str]:
        """The Arrow type of a column in each part."""
        return [str(s.field(column).type) if column in s.names else ABSENT for s in self.schemas.values()]

    def scan(self) -> str:
        """The rows of all parts, as the FROM clause of a DuckDB query."""
        names = ", ".join(_literal(str(path)) for path in self.files.values())
        return f"read_parquet([{names}], union_by_name = true, hive_partitioning = false)"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def tables_of(folder: Path, declared: Mapping[str, Table]) -> dict[str, Stored]:
    """The declared tables with parts in a folder.

    Raises MissingError when there is no such folder, DataError when a part cannot be read or nobody is a customer.
    """
    if not folder.is_dir():
        raise MissingError(f"no tables at {folder}; run the ingest stage.")
    found = {name: _stored(folder / name, table) for name, table in declared.items()}
    present = {name: table for name, table in found.items() if table.files}
    if "customers" not in present or not present["customers"].total:
        raise DataError("table 'customers' has no rows; look at the raw data and at the source in the spec.")
    return present


def _stored(folder: Path, declared: Table) -> Stored:
    files = {path.stem: path for path in sorted(folder.glob("*.parquet"))}
    try:
        footers = {part: pq.read_metadata(path) for part, path in files.items()}
    except pa.ArrowInvalid as error:
        raise DataError(f"a part of {folder} cannot be read: {str(error).splitlines()[0]}; ingest again.") from error
    schemas = {part: footer.schema.to_arrow_schema() for part, footer in footers.items()}
    return Stored(declared, files, schemas, {part: footer.num_rows for part, footer in footers.items()})
