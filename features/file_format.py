"""The format of a raw file that is not plain CSV: encoding, separator, quotes, header, sheet and number signs."""

import codecs
import json
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from features.errors import SpecError
from features.written_numbers import DECIMALS, THOUSANDS, Signs

Kind = Literal["csv", "parquet", "excel", "json_lines"]
_NOT_SEPARATORS = ('"', "\n", "\r", "\0")
_QUOTES = ('"', "'", "")
# One byte a letter, but for those in the second line.
ENCODINGS = (
    *("utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030", "big5", "cp932", "euc_jp", "cp949"),
    *("cp1252", "latin-1", "mac-roman", *(f"cp{n}" for n in (*range(1250, 1252), *range(1253, 1259)))),
    *(f"iso8859-{n}" for n in (2, 5, 7, 9, 15)),
    *("koi8-r", "koi8-u", "cp437", "cp850", "cp852", "cp866"),
)
_NAMES = {codecs.lookup(name).name: name for name in ENCODINGS}
# Python's names of encodings that are subsets of these.
_WITHIN = {"gbk": "gb18030", "gb2312": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949", "ascii": "utf-8"}
_WITHIN |= {"utf-8-sig": "utf-8"}
# The options that apply to each kind of file, besides kind and numbers.
_OF_KIND: dict[str, tuple[str, ...]] = {
    "csv": ("header", "names", "separator", "quote", "escape", "encoding"),
    "parquet": (),
    "excel": ("header", "names", "sheet"),
    "json_lines": ("encoding",),
}


class NumberColumn(BaseModel):
    """A column whose texts are numbers, by its name in the file; its own number signs, None for the file's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str
    decimal: str | None = None
    thousands: str | None = None

    @field_validator("decimal", "thousands")
    @classmethod
    def _is_a_sign(cls, value: str | None, info: Any) -> str | None:
        return None if value is None else checked_sign(value, info.field_name)


def _columns(plain: Any) -> Any:
    if not isinstance(plain, list | tuple):
        return plain
    return tuple({"column": one} if isinstance(one, str) else one for one in plain)


def checked_sign(value: str, name: str) -> str:
    """A decimal or thousands separator, checked. Raises ValueError where it is not a known one."""
    known = DECIMALS if name == "decimal" else THOUSANDS
    if value not in known:
        raise ValueError(f"{name} is {value!r}; it is one of {', '.join(map(repr, known))}")
    return value


class FileFormat(BaseModel):
    """header says whether the first line holds names; names are the columns where it does not.

    separator stands between two fields; quote stands around one that holds it, and is empty where nothing does; escape
    is a backslash where one stands before a quote in a field, and empty where quotes are doubled. encoding is how
    letters are kept. decimal comes before a fraction, thousands between three digits, in the columns that numbers
    names (in a table all of type number and integer). kind is what the end of the file's name does not say; sheet is
    the one of an Excel workbook that is meant. An Excel sheet has a header, or names, too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind | None = None
    encoding: str = "utf-8"
    header: bool = True
    names: tuple[str, ...] = ()
    separator: str = Field(",", min_length=1, max_length=1)
    quote: str = Field('"', max_length=1)
    escape: Literal["", "\\"] = ""
    decimal: str = "."
    thousands: str = ""
    numbers: Annotated[tuple[NumberColumn, ...], BeforeValidator(_columns)] = ()
    sheet: str | None = Field(None, min_length=1)

    @field_validator("encoding")
    @classmethod
    def _is_known(cls, value: str) -> str:
        try:
            found = codecs.lookup(value).name
        except LookupError:
            found = ""
        found = codecs.lookup(_WITHIN[found]).name if found in _WITHIN else found
        if found not in _NAMES:
            raise ValueError(f"encoding is {value!r}; it is one of {', '.join(ENCODINGS)}")
        return _NAMES[found]

    @field_validator("decimal", "thousands")
    @classmethod
    def _is_a_sign(cls, value: str, info: Any) -> str:
        return checked_sign(value, info.field_name)

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        if self.separator in _NOT_SEPARATORS:
            raise ValueError(
                f"separator is {self.separator!r}, which separates nothing; it is such as ';', '|' or '\\t'"
            )
        if self.quote not in _QUOTES or self.separator in (self.quote, self.escape):
            raise ValueError(
                f"quote is {self.quote!r}; it is '\"' or \"'\", or '' where nothing is put in quotes, and no separator"
            )
        if self.escape and not self.quote:
            raise ValueError("escape is a backslash before a quote, and quote says that there are none")
        if self.header and self.names:
            raise ValueError(
                "names are given and the first line is to hold names too; say `header: false`, or no names"
            )
        if not self.header and not self.names:
            raise ValueError("without a header the columns need names: `names: [customer, day, amount]`")
        if twice := sorted({name for name in self.names if self.names.count(name) > 1 or not name.strip()}):
            raise ValueError(f"names holds {twice} twice or blank; each column has a name of its own")
        for where, signs in (("", Signs(self.decimal, self.thousands)), *self.signs.items()):
            if signs.decimal == signs.thousands:
                raise ValueError(f"{where or 'a number'} has {signs.decimal!r} for decimal and for thousands")
        if len(self.signs) < len(self.numbers):
            raise ValueError("numbers names a column twice; each is written in one way")
        return self

    @property
    def signs(self) -> dict[str, Signs]:
        """The number signs of the numeric columns, by their names in the file."""
        return {
            one.column: Signs(
                self.decimal if one.decimal is None else one.decimal,
                self.thousands if one.thousands is None else one.thousands,
            )
            for one in self.numbers
        }

    def strange_to(self, kind: Kind) -> list[str]:
        """The options given that do not apply to this kind of file."""
        every = {name for names in _OF_KIND.values() for name in names}
        return sorted((every - set(_OF_KIND[kind])) & set(self.model_dump(exclude_defaults=True)))


PLAIN = FileFormat()
Formats = Mapping[str, FileFormat]


def spoken(form: FileFormat) -> dict[str, Any]:
    """The format as a spec writes it, as plain data without defaults."""
    plain = form.model_dump(mode="json", exclude_defaults=True, exclude={"numbers"})
    if form.numbers:
        several = [one.model_dump(exclude_none=True) for one in form.numbers]
        plain["numbers"] = [one["column"] if len(one) == 1 else one for one in several]
    return plain


def said(form: FileFormat) -> str:
    """The format as a spec writes it, as YAML on one line."""
    return _flow(spoken(form))


def _flow(plain: Any) -> str:
    """Plain data as YAML in flow style: keys without quotes, texts with them."""
    if isinstance(plain, dict):
        return "{" + ", ".join(f"{key}: {_flow(value)}" for key, value in plain.items()) + "}"
    if isinstance(plain, list | tuple):
        return "[" + ", ".join(map(_flow, plain)) + "]"
    return json.dumps(plain, ensure_ascii=False)


def is_named(name: str, pattern: str) -> bool:
    """Whether a name or glob of a spec means a file: a name with brackets is no glob of itself."""
    return name == pattern or fnmatchcase(name, pattern)


def format_of(name: str, formats: Formats) -> FileFormat | None:
    """The format of a file by the names or globs of a spec; None where none matches.

    Raises SpecError where two match it with different formats.
    """
    meant = {pattern: form for pattern, form in formats.items() if is_named(name, pattern)}
    if len(set(meant.values())) > 1:
        raise SpecError(f"source: {name} is to be read in two ways, by {sorted(meant)}; give both the same `format`.")
    return next(iter(meant.values()), None)


def merged(several: Sequence[tuple[str, FileFormat]]) -> Formats:
    """The formats of files by name or glob. Raises ValueError where one has two different formats."""
    found: dict[str, FileFormat] = {}
    for pattern, form in several:
        if found.setdefault(pattern, form) != form:
            raise ValueError(f"{pattern} is to be read in two ways; give every mapping of it the same `format`")
    return found
