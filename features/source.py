"""What a source is: a plug-in that turns raw data into the canonical tables, part by part."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import duckdb
import pyarrow as pa

from features.file_format import Formats
from features.schema import Table
from features.section import Section


class SourceOptions(Section):
    """The `source` section of a spec; every kind of source adds its own keys."""

    kind: str


@dataclass(frozen=True)
class Part:
    """One immutable part of a table: a month of it, or all of it where it has no dates.

    rows has the columns of the table's declaration, in order and in their Arrow types. A column
    `<name>__unreadable` may follow: the raw text of a value that could not be read, null where it could.
    """

    table: str
    name: str
    rows: pa.Table


@dataclass(frozen=True)
class Reconciled:
    """How many of the rows read for a table were kept, dropped or unmapped; the counts add up.

    read counts the rows of each file, dropped those that each named filter left out, unmapped by reason those that
    lack a customer or a date; duplicates stood in another file already, rolled_up went into another row, kept are the
    rows of the table, of which emptied say only that something was taken back. limit is the share of the rows to be
    mapped that may be unmapped.
    """

    table: str
    read: Mapping[str, int]
    duplicates: int
    dropped: Mapping[str, int]
    unmapped: Mapping[str, int]
    rolled_up: int
    kept: int
    limit: float = 1.0
    emptied: int = 0

    @property
    def adds_up(self) -> bool:
        """Whether every row that was read is counted exactly once."""
        return self.read_rows == self.told_rows and self.rolled_up >= 0

    @property
    def read_rows(self) -> int:
        """The number of rows of the files."""
        return sum(self.read.values())

    @property
    def told_rows(self) -> int:
        """The sum of all counts."""
        gone = self.duplicates + sum(self.dropped.values()) + sum(self.unmapped.values())
        return gone + self.rolled_up + self.kept - self.emptied

    @property
    def unmapped_share(self) -> float:
        """The share of rows to be mapped that could not be, in [0, 1]."""
        unmapped = sum(self.unmapped.values())
        return unmapped / max(unmapped + self.rolled_up + self.kept - self.emptied, 1)


@dataclass(frozen=True)
class Unmapped:
    """The raw rows of a table that could not be mapped, as texts: file, reason, and the columns of the files.

    They can be read until the source is asked for what comes next.
    """

    table: str
    rows: pa.RecordBatchReader


@dataclass(frozen=True)
class ReceivedUntil:
    """The number of the last event that the service received and the tables take account of; 0: of none."""

    number: int


Found = Part | Reconciled | Unmapped | ReceivedUntil


class Raw(Protocol):
    """The raw files; each is read only when asked for."""

    @property
    def names(self) -> Sequence[str]:
        """Their names, in order."""

    @property
    def database(self) -> duckdb.DuckDBPyConnection:
        """A database for querying them, which spills to disk beyond its memory limit."""

    def texts(self, name: str) -> pa.Table:
        """A file as a table of texts."""

    def relation(self, name: str) -> str:
        """The name, as SQL, of a view of a file in the database: Parquet in its own types, anything else as texts."""


@dataclass(frozen=True)
class Source:
    """A kind of source.

    options is the type of its section in a spec. declare gives the tables that a source with these
    options yields; read yields their parts, in an order that new data only append to, and what it counted on the
    way. wants gives the names, or globs, of the files that it reads, formats how some of them are read; extracted_at is
    when the data were taken out, where the options say so; newer names the options, at any depth, that newer data
    change and that change no model's recipe, beside those at the top that make no table and are no part of it either.
    dated says whether its rows have dates, so that history can be cut. truth, where a source knows it, yields parts of
    what nobody can observe; only tests may read them.
    """

    kind: str
    meaning: str
    needs_files: bool
    dated: bool
    options: type[SourceOptions]
    declare: Callable[[Any], Mapping[str, Table]]
    read: Callable[[Raw, Any], Iterator[Found]]
    extracted_at: Callable[[Any], str | None]
    wants: Callable[[Any], Sequence[str]] = lambda _: ()
    formats: Callable[[Any], Formats] = lambda _: {}
    newer: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    truth: Callable[[Any], Iterator[Part]] | None = None

    @property
    def name(self) -> str:
        """The name of the source."""
        return self.kind
