"""Detection of text encodings other than UTF-8, with the error message: the line, and the `format` to declare."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from features.errors import DataError
from features.file_format import PLAIN, FileFormat, said
from pipelines.raw_data.guessed_text import guess_text
from pipelines.raw_data.parts import Part

_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SHOWN = 160
_NAMES = {"gb18030": "GB18030", "big5": "Big5", "cp1252": "Windows-1252", "mac-roman": "Mac Roman"}


@contextmanager
def utf8(part: Part) -> Iterator[None]:
    """Turn errors of reading a part as UTF-8 into a DataError of one line, which names encoding and remedy."""
    with part.path.open("rb") as file:
        start = file.read(4096)
    is_wide = start.startswith((b"\xff\xfe", b"\xfe\xff")) or start.count(0) > len(start) // 4
    controls = len(_CONTROL.findall(start.replace(part.form.separator.encode(), b"")))
    if not is_wide and controls > len(start) // 20 + start.count(0):
        raise DataError(f"{part.name} is not a text file; export it as CSV, Parquet, Excel or JSON lines.")
    if is_wide:
        raise DataError(f"{part.name} is UTF-16, as Excel's 'Unicode Text' is, and not UTF-8; {remedy(part)}")
    try:
        yield
    except UnicodeDecodeError as error:
        raise DataError(_not_utf8(part)) from error


def _not_utf8(part: Part) -> str:
    line = next(number for number, line in enumerate(_lines(part.path), start=1) if not _is_utf8(line))
    encoding = next(one for one in guess_text(part.name, part.path).decided if one.what == "encoding")
    name = _NAMES.get(encoding.value, encoding.value)
    return f"{part.name}, line {line}: not UTF-8, perhaps {name} ({_near(encoding.text)!r}); {remedy(part)}"


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as lines:
        yield from lines


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _near(text: str) -> str:
    """The text around the first character beyond ASCII."""
    at = next((place for place, sign in enumerate(text) if not sign.isascii()), 0)
    return text[max(at - 10, 0) : at + 10].strip()


def remedy(part: Part) -> str:
    """The remedy for a text that is not UTF-8: the `format` to declare in the spec, or how to save it anew."""
    guess = guess_text(part.name, part.path)
    encoding = guess.form.encoding
    if guess.form == PLAIN:
        return "save it as UTF-8 (in Excel: CSV UTF-8)."
    how = f"`format: {said_briefly(guess.form)}`"
    return f"say in the spec, beside the file, {how}, or save it as UTF-8 (`iconv -f {encoding.upper()} -t UTF-8`)."


def said_briefly(form: FileFormat) -> str:
    """The format as text, shortened for wide files: without the names of all numeric columns."""
    whole = said(form)
    if len(whole) <= _SHOWN:
        return whole
    numbers = [one for one in form.numbers if one.decimal or one.thousands][:3]
    short = said(form.model_copy(update={"numbers": tuple(numbers), "names": form.names[:3]}))
    return f"{short[:-1]}, ...}}"
