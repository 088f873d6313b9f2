"""How a text file with separated fields is to be read, where it is no CSV with names in its first line."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from features.errors import SpecError

_NOT_SEPARATORS = ('"', "\n", "\r", " ")


class FileFormat(BaseModel):
    """header says whether the first line holds names; names are the columns where it does not.

    separator stands between two fields. An Excel sheet has a header, or names, too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    header: bool = True
    names: tuple[str, ...] = ()
    separator: str = Field(",", min_length=1, max_length=1)

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        if self.separator in _NOT_SEPARATORS:
            raise ValueError(
                f"separator is {self.separator!r}, which separates nothing; it is such as ';', '|' or '\\t'"
            )
        if self.header and self.names:
            raise ValueError(
                "names are given and the first line is to hold names too; say `header: false`, or no names"
            )
        if not self.header and not self.names:
            raise ValueError("without a header the columns need names: `names: [customer, day, amount]`")
        if twice := sorted({name for name in self.names if self.names.count(name) > 1 or not name.strip()}):
            raise ValueError(f"names holds {twice} twice or blank; each column has a name of its own")
        return self


PLAIN = FileFormat()
Formats = Mapping[str, FileFormat]


def format_of(name: str, formats: Formats) -> FileFormat | None:
    """How a file is to be read, by the names or globs of a spec; None where none means it.

    Raises SpecError where two of them mean it and say different things.
    """
    meant = {pattern: form for pattern, form in formats.items() if name == pattern or fnmatchcase(name, pattern)}
    if len(set(meant.values())) > 1:
        raise SpecError(f"source: {name} is to be read in two ways, by {sorted(meant)}; give both the same `format`.")
    return next(iter(meant.values()), None)


def merged(several: Sequence[tuple[str, FileFormat]]) -> Formats:
    """The formats of files by name or glob. Raises ValueError where one is to be read in two ways."""
    found: dict[str, FileFormat] = {}
    for pattern, form in several:
        if found.setdefault(pattern, form) != form:
            raise ValueError(f"{pattern} is to be read in two ways; give every mapping of it the same `format`")
    return found
