"""Rows of CSV files as Python's csv module reads them, each with the line at which it began."""

import csv
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from features.errors import DataError
from features.file_format import FileFormat

# A longer row, in characters, is taken for one with an unclosed quote.
LONGEST = 500_000
_AT_ONCE = 1_000_000
# DuckDB takes no notice of blanks before a quote, and Python and Arrow of no quote that stands after a blank.
_BLANK, _QUOTE = ord(" "), ord('"')


class Lines:
    """An iterator over the lines of a file that remembers the last line, its number, and where the row began."""

    def __init__(self, text: Iterator[str]) -> None:
        self._text, self.last, self.number, self.began = text, "", 0, 1

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> str:
        self.last = next(self._text)
        self.number += 1
        return self.last

    @property
    def end(self) -> str:
        """The line break of the last line."""
        return self.last[len(self.last.rstrip("\r\n")) :]


def reader(lines: Lines, form: FileFormat, *, strict: bool = True) -> Any:
    """A csv.reader for this format."""
    return csv.reader(lines, strict=strict, **dialect(form))


def dialect(form: FileFormat) -> dict[str, Any]:
    """A format as options of Python's csv module."""
    if not form.quote:
        return {"delimiter": form.separator, "quoting": csv.QUOTE_NONE, "quotechar": None}
    return {"delimiter": form.separator, "quotechar": form.quote, "escapechar": form.escape or None}


@contextmanager
def long_fields() -> Iterator[None]:
    """Allow fields of up to LONGEST characters; csv's own limit is global to the process."""
    before = csv.field_size_limit(LONGEST)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def text_of(name: str, text: Iterator[str], form: FileFormat) -> Iterator[str]:
    """The lines of a text; with a backslash as escape character, one before a letter is refused."""
    return _escaped(name, text, form) if form.escape else text


def _escaped(name: str, text: Iterator[str], form: FileFormat) -> Iterator[str]:
    """Refuse a backslash before anything but a quote, a separator, itself or a line end: it is no escape there."""
    usual = {form.quote, form.separator, "\\", "\n", "\r"}
    for number, line in enumerate(text, start=1):
        if "\\" in line and (other := next((one for one in re.findall(r"\\(.)", line) if one not in usual), None)):
            raise DataError(
                f"{name}, line {number}: found \\{other}, as MySQL writes missing values (\\N) and others; with"
                " `escape` a backslash may stand only before a quote, a separator or itself. Export a missing value as"
                " an empty field, and a letter as it is."
            )
        yield line


def refuse_zero_bytes(name: str, path: Path) -> bool:
    """Whether a text has a carriage return anywhere.

    Raises DataError where it has a zero byte, at which many programs end a text.
    """
    number, has_returns = 1, False
    with path.open("rb") as file:
        while chunk := file.read(_AT_ONCE):
            if (at := chunk.find(b"\0")) >= 0:
                number += _ends(chunk[:at])
                raise DataError(
                    f"{name}, line {number}: found a zero byte, which no text has; the file is damaged, or not text."
                    " Export it anew, or remove the byte (`tr -d '\\000' < old.csv > new.csv`)."
                )
            number += _ends(chunk)
            has_returns = has_returns or b"\r" in chunk
    return has_returns


def _ends(chunk: bytes) -> int:
    return chunk.count(b"\n") or chunk.count(b"\r")


def is_read_alike(path: Path, form: FileFormat) -> bool:
    """Whether Arrow and DuckDB read a text exactly as Python's csv does.

    They do not where quoting is other than by a doubled `"`, the separator is not ASCII, or a blank precedes a quote.
    """
    if form.quote != '"' or form.escape or not form.separator.isascii():
        return False
    begins = re.compile(rb"(?:^|[\r\n]|" + re.escape(form.separator.encode()) + rb') +"')
    kept = bytearray(_AT_ONCE + 1)  # the last byte of the piece before, and a piece
    kept[0] = 10
    with path.open("rb", buffering=0) as file:
        while size := file.readinto(memoryview(kept)[1:]):
            piece = np.frombuffer(kept, dtype=np.uint8, count=size + 1)
            has_blank = (piece[np.flatnonzero(piece[1:] == _QUOTE)] == _BLANK).any()
            if has_blank and begins.search(kept, 0, size + 1):
                return False
            kept[0] = kept[size]
    return True


def rewrite(name: str, path: Path, form: FileFormat, out: Path) -> None:
    """Write the rows with commas, every field in quotes. Raises csv.Error where they cannot be read."""
    with (
        long_fields(),
        path.open(encoding="utf-8-sig", newline="") as text,
        out.open("w", encoding="utf-8", newline="") as rewritten,
    ):
        rows = reader(Lines(text_of(name, text, form)), form)
        csv.writer(rewritten, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(row for row in rows if row)
