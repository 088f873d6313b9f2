"""Texts in another encoding than UTF-8, written out as UTF-8 once; what cannot be read so is told with its line."""

import codecs
import re
from pathlib import Path

from features.errors import DataError

_AT_ONCE = 1_000_000
# Of these every byte is a letter, and of UTF-8 they make letters that nobody wrote.
_MANY_BYTES = ("gb18030", "big5", "cp932", "euc_jp", "cp949")
# So many letters of several bytes that are UTF-8 by chance there are not.
_BY_CHANCE = 8
_WIDE = ("utf-16", "utf-16-le", "utf-16-be", "utf-32")
# Latin-1 prints nothing there, and Windows-1252 does.
_UNPRINTED = re.compile(r"[\x80-\x84\x86-\x9f]")
_STRANGE = re.compile(r"[^\x00-\x7f]")


def decode(path: Path, encoding: str, *, name: str, out: Path) -> None:
    """Write a file in UTF-8, its line ends as they are.

    Raises DataError with the line where the file is not in that encoding: a sequence that it has not, a letter that it
    does not print, and UTF-8 that it would take for other letters.
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
    """Whether bytes that are said to be something else are UTF-8."""

    def __init__(self, encoding: str) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self._letters, self._goes_on = 0, encoding not in (*_WIDE, "utf-8")
        self._needed = _BY_CHANCE if encoding in _MANY_BYTES else 1

    def see(self, chunk: bytes) -> None:
        """Look at the next bytes, none at the end."""
        if self._goes_on:
            try:
                text = self._decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError:
                self._goes_on = False
            else:
                self._letters += 0 if text.isascii() else len(_STRANGE.findall(text))

    @property
    def is_utf8(self) -> bool:
        """Whether all that was seen is, and too much of it to be so by chance."""
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
        f"{name}, line {line}: no {encoding}, as the spec's `format` says: the bytes {byte} after {near!r} stand for"
        f" nothing there ({error.reason}); correct `encoding`, or the file."
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
    """The number of the line at which a text ends."""
    with out.open(encoding="utf-8", newline="") as text:
        return 1 + sum(line.endswith(("\n", "\r")) for line in text)


def _line_with(out: Path, pattern: re.Pattern[str]) -> tuple[int, str]:
    with out.open(encoding="utf-8", newline="") as text:
        for number, line in enumerate(text, start=1):
            if pattern.search(line):
                return number, line.strip("\r\n")[:40]
    return 1, ""
