"""Guess of a text file's format from its first megabyte: encoding, separator, header and number signs."""

import io
import tempfile
from pathlib import Path

from features.errors import DataError
from features.file_format import FileFormat
from pipelines.raw_data.decoding import decode
from pipelines.raw_data.guessed_encoding import encoding_of
from pipelines.raw_data.guessed_fields import fields_of, header_of
from pipelines.raw_data.guessed_numbers import numbers_of
from pipelines.raw_data.guesses import Decision, Guess

_SAMPLE = 1_000_000


def guess_text(name: str, path: Path) -> Guess:
    """The guessed format of a text file. Raises DataError where it is not text in any known encoding."""
    encoding = encoding_of(path)
    sample = _sample(name, path, encoding.value)
    fields, decided = fields_of(sample)
    header = header_of(fields, io.StringIO(sample, newline="").readlines())
    has_names = header.value == "true"
    rows = [row for row in fields.rows if len(row[1]) == fields.width]
    if has_names and fields.rows:
        rows = [row for row in rows if row[0] != fields.rows[0][0]]
        names = fields.rows[0][1]
    else:
        names = tuple(f"column_{place}" for place in range(1, fields.width + 1))
    plain = {**fields.form.model_dump(exclude_defaults=True), "encoding": encoding.value}
    form = FileFormat.model_validate({**plain, "header": has_names, "names": () if has_names else names})
    numbers: list[Decision] = []
    if len(set(names)) == len(names) == fields.width:
        form, numbers = numbers_of(form, names, rows)
    return Guess(name, form, tuple(names), (encoding, *decided, header, *numbers))


def _sample(name: str, path: Path, encoding: str) -> str:
    with tempfile.TemporaryDirectory(prefix="holdfast-sample-") as folder:
        head, out = Path(folder) / "head", Path(folder) / "text"
        with path.open("rb") as file:
            start = file.read(_SAMPLE)
            is_all = not file.read(1)
        if not is_all:
            start = start[: _end(start, encoding)]
        head.write_bytes(start)
        try:
            decode(head, encoding, name=name, out=out)
        except DataError:
            return start.decode(encoding, errors="replace")
        with out.open(encoding="utf-8", newline="") as text:
            return text.read()


def _end(start: bytes, encoding: str) -> int:
    """The position at which the last complete line ends."""
    for end in ("\n", "\r"):
        sign = end.encode(encoding) if encoding[:6] not in ("utf-16", "utf-32") else b"\n\0"
        if (at := start.rfind(sign)) > 0:
            return at + len(sign)
    return len(start)
