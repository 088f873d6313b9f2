"""Conversion of text files to UTF-8; bytes that are invalid in the declared encoding are refused with their line."""

import codecs
import re
from pathlib import Path

from features.errors import DataError

_AT_ONCE = 1_000_000
# In these encodings nearly all bytes are valid, so UTF-8 would be read as wrong characters without an error.
_MANY_BYTES = ("gb18030", "big5", "cp932", "euc_jp", "cp949")
# So many multi-byte characters are not valid UTF-8 by chance.
_BY_CHANCE = 8
_WIDE = ("utf-16", "utf-16-le", "utf-16-be", "utf-32")
# Control characters in Latin-1, printable in Windows-1252.
_UNPRINTED = re.compile(r"[\x80-\x84\x86-\x9f]")
_STRANGE = re.compile(r"[^\x00-\x7f]")


def decode(path: Path, encoding: str, *, name: str, out: Path) -> None:
    """Write a copy of a file in UTF-8, with the same line breaks.

    Raises DataError with the line where the file is not in that encoding: an invalid sequence, a control character
    where another encoding has a letter, or a file that is UTF-8 already.
    """
    decoder, found = codecs.getincrementaldecoder(encoding)("strict"), _Utf8(encoding)
    is_first = True
    with path.open("rb") as file, out.open("w", encoding="utf-8", newline="") as text:
        while True:
            chunk = file.read(_AT_ONCE)
            try:
                letters = decoder.decode(chunk, final=not chunk)
            except UnicodeError as error:
                text.flush()
                raise DataError(_not_so(out, encoding, error, name=name)) from error
            if is_first and letters:
                letters, is_first = letters.removeprefix("\ufeff"), False
            text.write(letters)
            found.see(chunk)
            if encoding.startswith(("latin", "iso")) and (unprinted := _UNPRINTED.search(letters)):
                text.flush()
                raise DataError(_unprinted(out, unprinted[0], encoding, name=name))
            if not chunk:
                break
    if found.is_utf8:
        raise DataError(_is_utf8(path, out, encoding, name=name))


class _Utf8:
    """Whether bytes declared to be in another encoding are UTF-8."""

    def __init__(self, encoding: str) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self._letters, self._goes_on = 0, encoding not in (*_WIDE, "utf-8")
        self._needed = _BY_CHANCE if encoding in _MANY_BYTES else 1

    def see(self, chunk: bytes) -> None:
        """Add the next bytes; empty at the end."""
        if self._goes_on:
            try:
                text = self._decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError:
                self._goes_on = False
            else:
                self._letters += 0 if text.isascii() else len(_STRANGE.findall(text))

    @property
    def is_utf8(self) -> bool:
        """Whether all bytes so far are valid UTF-8, with too many multi-byte characters for chance."""
        return self._goes_on and self._letters >= self._needed


def _not_so(out: Path, encoding: str, error: UnicodeError, *, name: str) -> str:
    line = _lines(out)
    if not isinstance(error, UnicodeDecodeError):
        return f"{name}, line 1: no mark says which {encoding} it is; say `encoding: {encoding}-le`, or `-be`."
    before = error.object[: error.start].decode(encoding, errors="ignore")
    line += len(re.findall(r"\r\n|\r|\n", before))
    byte = error.object[error.start : error.end].hex(" ")
    near = re.split(r"[\r\n]", before)[-1][-20:]
    return (
        f"{name}, line {line}: not {encoding}, as the spec's `format` says: the bytes {byte} after {near!r} are invalid"
        f" there ({error.reason}); correct `encoding`, or the file."
    )


def _unprinted(out: Path, sign: str, encoding: str, *, name: str) -> str:
    number, line = _line_with(out, re.compile(re.escape(sign)))
    return (
        f"{name}, line {number}: {line!r} holds the byte {ord(sign):02x}, for which {encoding} has no letter; say"
        ' `encoding: "cp1252"`, or what it is.'
    )


def _is_utf8(path: Path, out: Path, encoding: str, *, name: str) -> str:
    number, line = _line_with(out, _STRANGE)
    with path.open("rb") as lines:
        whole = next(one for one in lines if not one.isascii()).decode("utf-8").strip()
    return (
        f"{name}, line {number}: the file is UTF-8 ({whole[:40]!r}) and would be read as {line!r}; the spec says"
        f' `encoding: "{encoding}"` of it: take that out.'
    )


def _lines(out: Path) -> int:
    """The number of the last line of a text."""
    with out.open(encoding="utf-8", newline="") as text:
        return 1 + sum(line.endswith(("\n", "\r")) for line in text)


def _line_with(out: Path, pattern: re.Pattern[str]) -> tuple[int, str]:
    with out.open(encoding="utf-8", newline="") as text:
        for number, line in enumerate(text, start=1):
            if pattern.search(line):
                return number, line.strip("\r\n")[:40]
    return 1, ""
