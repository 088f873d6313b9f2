"""Validation of CSV files before use, with the line of each fault and the remedy."""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from features.errors import DataError
from features.file_format import FileFormat
from pipelines.raw_data.csv_rows import LONGEST, Lines, long_fields, reader, refuse_zero_bytes, text_of
from pipelines.raw_data.guessed_fields import LIKE_DATA
from pipelines.raw_data.guessed_text import guess_text
from pipelines.raw_data.parts import Part
from pipelines.raw_data.text_encodings import said_briefly, utf8

_OTHERS = {";": "';'", "\t": "a tab", "|": "'|'"}
_SHOWN = 60


@dataclass
class Seen:
    """The result of reading a file: its columns, number of rows, and cells of the first line that look like data."""

    names: list[str]
    rows: int = 0
    looks_like_data: list[str] = field(default_factory=list)


@dataclass
class _Widths:
    """Rows with the wrong number of fields: counts by width, the first one, and how many end with an empty field."""

    expected: int
    found: Counter[int] = field(default_factory=Counter)
    first: tuple[int, int] | None = None
    ends_empty: int = 0

    def see(self, line: int, row: list[str]) -> None:
        """Count a row of the wrong width that began at this line."""
        self.found[len(row)] += 1
        if len(row) == self.expected + 1:
            self.ends_empty += row[-1] == ""
        if self.first is None:
            self.first = line, len(row)


def header(part: Part) -> list[str]:
    """The column names.

    Raises DataError where the first line has no names, an empty one, or one twice.
    """
    with utf8(part), long_fields(), part.path.open(encoding="utf-8-sig", newline="") as text:
        lines = Lines(text_of(part.name, text, part.form))
        try:
            first: list[str] = next(reader(lines, part.form, strict=False), [])
        except csv.Error as error:
            raise DataError(_broken(part, lines, error)) from error
        _refuse_other_breaks(part.name, first, lines)
        return _names(part, first)


def check(part: Part) -> Seen:
    """Read all of a file. Raises DataError that says the line, what was expected there, and what to do."""
    with utf8(part), long_fields(), part.path.open(encoding="utf-8-sig", newline="") as text:
        has_returns = refuse_zero_bytes(part.name, part.path)
        lines = Lines(text_of(part.name, text, part.form))
        try:
            return _read(part, reader(lines, part.form), lines, has_returns=has_returns)
        except csv.Error as error:
            raise DataError(_broken(part, lines, error)) from error


def _read(part: Part, rows: Iterator[list[str]], lines: Lines, *, has_returns: bool) -> Seen:
    name, form = part.name, part.form
    ends: dict[str, int] = {}
    seen, widths = None, None
    while True:
        lines.began = lines.number + 1
        row = next(rows, None)
        if row is None:
            break
        if has_returns:
            _see_end(name, ends, lines)
        if seen is None or widths is None:
            seen = _begun(part, row, lines)
            widths = _Widths(len(seen.names))
            if form.header:
                continue
        if (lines.number > lines.began or len(lines.last) > LONGEST) and sum(map(len, row)) > LONGEST:
            raise csv.Error("field larger")
        if len(row) == widths.expected:
            seen.rows += 1
        elif row:
            widths.see(lines.began, row)
            seen.rows += 1
    return _sound(part, seen, widths)


def _begun(part: Part, first: list[str], lines: Lines) -> Seen:
    """The columns of a file by its first row."""
    _refuse_other_breaks(part.name, first, lines)
    like = [cell for cell in first if LIKE_DATA.fullmatch(cell.strip())] if part.form.header else []
    return Seen(_names(part, first), looks_like_data=like)


def _sound(part: Part, seen: Seen | None, widths: _Widths | None) -> Seen:
    """The result of a file without faults. Raises DataError where it has no rows, or rows of the wrong width."""
    if seen is None or widths is None:
        raise DataError(f"{part.name} needs a first line of names: it is empty.")
    if not seen.rows:
        raise DataError(f"{part.name} holds no rows.")
    if widths.first:
        raise DataError(_of_width(part.name, seen, widths, part.form))
    return seen


def _see_end(name: str, ends: dict[str, int], lines: Lines) -> None:
    """Raise DataError where lines end in two ways."""
    if lines.end and ends.setdefault(lines.end, lines.number) == lines.number and len(ends) > 1:
        (first, one), (other, two) = ends.items()
        raise DataError(
            f"{name}, line {two}: it ends with {_said(other)} where line {one} ends with {_said(first)}; two exports"
            " were put together. Give all lines one ending, as `dos2unix` does."
        )


def _refuse_other_breaks(name: str, first: list[str], lines: Lines) -> None:
    """Refuse other line breaks within the first row: DuckDB would take the first it sees as line end, and lose rows."""
    within = {one for cell in first for one in re.findall(r"\r\n|\r|\n", cell)}
    if other := sorted(within - {lines.end}):
        raise DataError(
            f"{name}, line 1: a field holds a line break ({_said(other[0])}) of another kind than the end of the line"
            f" ({_said(lines.end)}); take it out of the first row."
        )


def _said(end: str) -> str:
    return {"\n": "LF", "\r\n": "CR LF", "\r": "CR"}.get(end, repr(end))


def _names(part: Part, first: list[str]) -> list[str]:
    name = part.name
    if not part.form.header:
        return list(part.form.names)
    if not first:
        raise DataError(f"{name} needs a first line of names: its first line is empty; take it off.")
    if len(first) == 1 and (other := next((sign for sign in _OTHERS if sign in first[0]), None)):
        raise DataError(
            f"{name} is separated by {_OTHERS[other]}; save it with commas, or say so in the spec, beside the file:"
            f" `format: {_guessed(part, other)}`. Its first line is {_short(first[0])!r}."
        )
    check_names(name, first)
    return first


def check_names(name: str, first: list[str], *, is_text: bool = True) -> None:
    """Raise DataError where the first line of a file or a sheet has an empty name, or one twice."""
    if blank := [place for place, one in enumerate(first, start=1) if not one.strip()]:
        remedy = "give it a name"
        if len(blank) > 1 and len(blank) == len(first) - 1:
            remedy = "is it a title? Names stand in the first line: take off what is above them"
        elif blank == [1]:
            remedy = "pandas writes its index so: write the file with index=False, or give the column a name"
        elif blank == [len(first)] and is_text:
            remedy = "the line ends with a separator: take it off every line (`sed 's/,\\r*$//'`), or give it a name"
        raise DataError(f"{name}, line 1: column {blank[0]} of {len(first)} has no name; {remedy}.")
    if twice := sorted({one for one in first if first.count(one) > 1}):
        raise DataError(f"{name} needs a first line of unique names: {twice} occur twice.")


def _of_width(name: str, seen: Seen, widths: _Widths, form: FileFormat) -> str:
    line, found = widths.first or (0, 0)
    bad = widths.found.total()
    what = f"the header names {widths.expected}" if form.header else f"the spec names {widths.expected}"
    where = f"{name}, line {line}: {found} fields where {what}"
    if widths.expected == 1 and form.header and bad == seen.rows:
        return f"{where}: is the first line a title? Names stand in the first line: take off what is above them."
    if bad == widths.found[widths.expected + 1] == seen.rows:
        if widths.ends_empty == seen.rows:
            return f"{where}, and every row is so: all end with a separator. Take it off (`sed 's/,\\r*$//' {name}`)."
        return (
            f"{where}, and every row is so: the name of one column is missing, often that of row names in front. Name"
            " it, or write the file without row names."
        )
    many = f"; {bad:,} of {seen.rows:,} rows have too few or too many"
    if found < widths.expected:
        return f"{where}{many}. A row has a field for each name, if only an empty one; a line break is put in quotes."
    return f'{where}{many}. A field that holds {form.separator!r} itself is put in quotes ("...").'


def _guessed(part: Part, separator: str) -> str:
    """The guessed format of the file if it has this separator, else the plain format with this separator."""
    guess = guess_text(part.name, part.path).form
    return said_briefly(guess if guess.separator == separator else FileFormat(separator=separator))


def _broken(part: Part, lines: Lines, error: csv.Error) -> str:
    where, quote = f"{part.name}, line {lines.began}", part.form.quote
    if "field larger" in str(error):
        return (
            f"{where}: more than {LONGEST:,} characters in one row; is a quote left open there? Close it, double one"
            ' that is part of the text (""), or take the text out.'
        )
    if "unexpected end" in str(error):
        return (
            f"{where}: a quote ({quote}) is opened in this row and never closed. Close it, or double one that is text"
            f" ({quote * 2})."
        )
    if "expected after" in str(error):
        return f"{where}: text follows a closing quote. A quote within a quoted field is written twice ({quote * 2})."
    return f"cannot read {where}: {error}"


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
