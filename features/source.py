"""What a source is: something that turns raw data into the canonical tables, part by part."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from features.schema import Table


class SourceOptions(BaseModel):
    """The `source` section of a spec; every kind of source extends it with its own keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str


@dataclass(frozen=True)
class Part:
    """One immutable piece of a table: a month of it, or all of it where it has no dates.

    rows has the columns of the table's declaration, in order and in their Arrow types. A column
    `<name>__unreadable` may follow: the raw text of a value that could not be read, null where it could.
    """

    table: str
    name: str
    rows: pa.Table


@dataclass(frozen=True)
class Source:
    """A kind of source.

    options is the type of its section in a spec. declare gives the tables that a source with these
    options yields; read yields their parts, in an order that new data only append to. raw maps the names
    of the files that were added to tables of text, as they stand in the files (empty for a source that
    needs none). dated says whether its rows have dates, so that history can be cut. truth, where a source
    knows it, yields parts of what nobody can observe; only tests may read them.
    """

    kind: str
    meaning: str
    needs_files: bool
    dated: bool
    options: type[SourceOptions]
    declare: Callable[[Any], Mapping[str, Table]]
    read: Callable[[Mapping[str, pa.Table], Any], Iterator[Part]]
    extracted_at: Callable[[Any], str | None]
    truth: Callable[[Any], Iterator[Part]] | None = None

    @property
    def name(self) -> str:
        """The name under which it is found."""
        return self.kind
