"""Text files that are not UTF-8: told with the line, what they are likely to be, and how to save them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from features.errors import DataError

_CODINGS = {"gb18030": "GB18030", "big5": "Big5", "cp1252": "Windows-1252", "latin-1": "Latin-1"}
_SAMPLE = 1_000_000
_COMMON = re.compile(r"[\u4e00-\u9fff\u3000-\u303f\uff00-\uffef]")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_RUN = re.compile(r"[\u4e00-\u9fff]{2,}")


@contextmanager
def utf8(path: Path) -> Iterator[None]:
    """Reading a file as UTF-8 within. Raises DataError in one line where it is none."""
    with path.open("rb") as file:
        start = file.read(4096)
    if len(_CONTROL.findall(start)) > len(start) // 20 + start.count(0):
        raise DataError(f"{path.name} is no text file; export it as CSV, Parquet, Excel or JSON lines.")
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or start.count(0) > len(start) // 4:
        raise DataError(f"{path.name} is UTF-16, as Excel's 'Unicode Text' is, and not UTF-8; {_remedy('UTF-16')}")
    try:
        yield
    except UnicodeDecodeError as error:
        raise DataError(_not_utf8(path)) from error


def _not_utf8(path: Path) -> str:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                coding, text = _guess(path, line, error.start)
                return f"{path.name}, line {number}: no UTF-8, perhaps {coding} ({text!r}); {_remedy(coding)}"
    return f"{path.name} is no UTF-8; {_remedy('GB18030')}"


def _guess(path: Path, line: bytes, at: int) -> tuple[str, str]:
    """A coding in which the file can be read, and the text around the first fault in it."""
    with path.open("rb") as file:
        sample = file.read(_SAMPLE)
    sample = sample[: sample.rfind(b"\n") + 1] or sample
    for coding, name in _CODINGS.items():
        try:
            text, whole = line.decode(coding), sample.decode(coding)
        except UnicodeDecodeError:
            continue
        if coding not in ("gb18030", "big5") or _is_chinese(whole):
            before = len(line[:at].decode(coding, errors="ignore"))
            return name, text[max(before - 10, 0) : before + 10].strip()
    return "Latin-1", line[max(at - 10, 0) : at + 10].decode("latin-1").strip()


def _is_chinese(text: str) -> bool:
    """Whether what is not ASCII are common Chinese characters, in words; accents that are read so come one by one."""
    strange = [one for one in text if ord(one) > 127]
    common = sum(_COMMON.match(one) is not None for one in strange)
    return common > 0.9 * len(strange) and sum(map(len, _RUN.findall(text))) > len(strange) / 2


def _remedy(coding: str) -> str:
    return f"save it as UTF-8 (`iconv -f {coding.upper()} -t UTF-8 old.csv > new.csv`; in Excel: CSV UTF-8)."
