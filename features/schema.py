"""Declarations of columns and tables, from which casts, checks, docs and signatures are derived."""

from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from features.errors import SchemaError

ColumnType = Literal["text", "category", "integer", "number", "boolean", "timestamp"]

ARROW_TYPES: dict[ColumnType, str] = {
    "text": "string",
    "category": "string",
    "integer": "int64",
    "number": "double",
    "boolean": "bool",
    "timestamp": "timestamp[us]",
}


@dataclass(frozen=True)
class Column:
    """One column: its type, its meaning and its legal values.

    minimum and maximum are inclusive and in `unit`, but above_minimum says that the minimum itself is not legal;
    values lists what a category may be (empty: anything); references names the column of another table, as
    `table.column`, in which every value must occur; if_missing says, where it is not nullable, how a user may allow
    missing values; may_be_future says that a timestamp is planned, so that it may lie after the day of extraction;
    is_outcome that it tells what came afterwards, so that it is no feature and no part of a key; said is the expression
    of a spec that gives it, for what a user is told. distribution_of names another column of the table: the text is a
    JSON object of probabilities by its values, which sum to one, and `probability` holds that of the row's own value.
    """

    name: str
    type: ColumnType
    meaning: str
    unit: str | None = None
    nullable: bool = False
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] = ()
    references: str | None = None
    may_be_future: bool = False
    is_outcome: bool = False
    above_minimum: bool = False
    if_missing: str = ""
    said: str = ""
    distribution_of: str | None = None

    @property
    def arrow_type(self) -> str:
        """The name of the Arrow type that stores this column."""
        return ARROW_TYPES[self.type]


@dataclass(frozen=True)
class Table:
    """One table: its columns, and the key that no two rows (of one `known_at`) share.

    is_corrected says whether a row may correct an earlier one of the same key, where it has a `known_at`.
    daily says that a row is about a whole day: of its event_at only the day counts. is_made says that its rows are made
    of those of other tables.
    """

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    is_corrected: bool = True
    daily: bool = False
    is_made: bool = False

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise SchemaError(f"table '{self.name}' declares {twice} more than once; keep one of each.")
        if missing := sorted(set(self.key) - set(names)):
            raise SchemaError(f"table '{self.name}' has no column {missing} that its key names; declare it.")

    def column(self, name: str) -> Column:
        """The declaration of one column. Raises SchemaError when there is none of that name."""
        for column in self.columns:
            if column.name == name:
                return column
        raise SchemaError(f"table '{self.name}' has no column '{name}'; it has {[c.name for c in self.columns]}.")

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def is_dated(self) -> bool:
        """Whether its rows have known_at, so that a history can be cut at a date."""
        return "known_at" in self.names


def nearest(name: str, names: Collection[str]) -> str:
    """The most similar existing names, for an error message; all of them where none is similar."""
    small = {one.lower(): one for one in names}
    close = get_close_matches(name.lower(), small, n=3)
    return f"the nearest: {[small[one] for one in close]}" if close else f"it has {sorted(names)}"
