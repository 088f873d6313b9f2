"""Guess of a raw file's format, with the line that decided it; helps to write a spec, and no run uses it."""

import json
import tempfile
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import DataError, MissingError
from features.file_format import PLAIN, FileFormat, Formats, Kind
from pipelines.raw_data import excel
from pipelines.raw_data.guessed_fields import Fields, header_of
from pipelines.raw_data.guessed_numbers import numbers_of
from pipelines.raw_data.guessed_text import guess_text
from pipelines.raw_data.guesses import Decision, Guess
from pipelines.raw_data.parts import KINDS, in_folder, unpacked

_ROWS = 5_000
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"


def recognise(path: Path) -> Guess:
    """The guessed format of a file, compressed or not, or of a folder of parts; the same bytes give the same guess.

    A folder is judged by its first part. Raises MissingError where there is no such file, DataError for a kind of file
    that cannot be read.
    """
    if not path.exists():
        raise MissingError(f"no file {path}.")
    parts = in_folder(path) if path.is_dir() else [path]
    if not parts:
        raise DataError(f"{path.name} is a folder without files; it should hold the parts of one table.")
    with tempfile.TemporaryDirectory(prefix="holdfast-unpacked-") as scratch:
        name = path.name if parts == [path] else f"{path.name}/{parts[0].name}"
        name, file, inner = unpacked(name, parts[0], Path(scratch))
        kind = _kind(name, file)
        if kind.value == "csv":
            guess = guess_text(name, file)
        elif kind.value == "excel":
            guess = _excel(name, file)
        else:
            names, rows = _parquet(file) if kind.value == "parquet" else _json(name, file)
            form, numbers = numbers_of(PLAIN, names, rows)
            guess = Guess(name, form, tuple(names), tuple(numbers))
    told = KINDS.get(Path(inner).suffix.lower(), "csv")
    form = guess.form if told == kind.value else guess.form.model_copy(update={"kind": kind.value})
    return Guess(path.name, form, guess.columns, (kind, *guess.decided))


def formats_of(path: Path) -> Formats:
    """How a file of no spec is read: plainly, but of texts by the separator and encoding that are guessed."""
    if not path.is_file() or path.suffix.lower() not in (".csv", ".tsv", ".txt"):
        return {}
    guess = recognise(path).form
    found = FileFormat(separator=guess.separator, encoding=guess.encoding)
    # What is called .txt may be anything, so it is always said.
    return {} if found == PLAIN and path.suffix.lower() != ".txt" else {path.name: found}


def _kind(name: str, path: Path) -> Decision:
    with path.open("rb") as file:
        start = file.read(4096)
    kind: Kind = "csv"
    why = "it has the signature of no other kind, so it is text"
    if start.startswith(b"PAR1"):
        kind, why = "parquet", "it begins with PAR1"
    elif start.startswith(b"PK\x03\x04") and _is_workbook(path):
        kind, why = "excel", "it is an archive of sheets"
    elif start.startswith(_OLD_EXCEL):
        raise DataError(f"{name} is a workbook of an old Excel (.xls); save it as .xlsx, or as CSV.")
    elif start.startswith((b"PK\x03\x04", b"%PDF", b"\x1f\x8b", b"ORC", b"Obj\x01", b"SQLite format 3")):
        raise DataError(f"{name} is not text, Parquet, Excel or JSON lines; export it as one of these.")
    elif start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"[", b"{") and (json_kind := _json_kind(name, start)):
        kind, why = json_kind, "its first line is an object of JSON"
    line = "" if b"\0" in start else start.split(b"\n", 1)[0].decode("utf-8", errors="replace").strip()
    return Decision("kind", kind, "certain" if kind != "csv" else "likely", 1, line, why)


def _is_workbook(path: Path) -> bool:
    try:
        with ZipFile(path) as archive:
            return any(name.startswith("xl/worksheets/") for name in archive.namelist())
    except BadZipFile:
        return False


def _json_kind(name: str, start: bytes) -> Kind | None:
    text = start.decode("utf-8-sig", errors="ignore").lstrip()
    if text.startswith("["):
        if text[1:].lstrip().startswith(("{", "[")):
            raise DataError(
                f"{name} is one list of JSON; write a line for each of it (`jq -c '.[]' a.json > a.jsonl`)."
            )
        return None
    line = text.split("\n", 1)[0]
    try:
        found = json.loads(line)
    except ValueError:
        if line.strip() == "{" or (text[1:].lstrip().startswith('"') and ":" in line):
            raise DataError(
                f"{name} is JSON of several lines; write each object in one (`jq -c . a.json > a.jsonl`)."
            ) from None
        return None
    return "json_lines" if isinstance(found, dict) else None


def _excel(name: str, path: Path) -> Guess:
    """The sheet with the most cells, and whether its first row holds names."""
    sheets = excel.filled_sheets(name, path)
    sizes = {sheet: sum(len(row) for row in rows) for sheet, rows in sheets.items()}
    if not sizes:
        raise DataError(f"{name} holds no rows.")
    sheet = max(sizes, key=lambda one: sizes[one])
    decided = []
    cells = [list(row) for row in islice(sheets[sheet], _ROWS)]
    rows = [(number, tuple(excel.text(cell) or "" for cell in row)) for number, row in enumerate(cells, start=1)]
    width = max((len(row) for _, row in rows), default=1)
    rows = [(line, row + ("",) * (width - len(row))) for line, row in rows if any(row)]
    if len(sizes) > 1:
        others = ", ".join(one for one in sizes if one != sheet)
        text = " ".join(rows[0][1])
        decided.append(
            Decision("sheet", sheet, "open", rows[0][0], text, f"it holds the most cells; there are {others}")
        )
    header = header_of(Fields(PLAIN, tuple(rows), width, 1.0, 1.0, is_whole=True))
    has_names = header.value == "true"
    names = rows[0][1] if has_names else tuple(f"column_{place}" for place in range(1, width + 1))
    form = FileFormat(header=has_names, names=() if has_names else names, sheet=sheet if len(sizes) > 1 else None)
    texts = [
        (line, tuple(cell if isinstance(cell, str) else "" for cell in cells[line - 1])) for line, _ in rows[has_names:]
    ]
    texts = [(line, row + ("",) * (width - len(row))) for line, row in texts]
    numbers: Sequence[Decision] = []
    if len(set(names)) == len(names):
        form, numbers = numbers_of(form, names, texts)
    return Guess(name, form, names, (*decided, header, *numbers))


def _parquet(path: Path) -> tuple[list[str], list[tuple[int, tuple[str, ...]]]]:
    """The columns and the first rows, with cells that are no texts left blank."""
    try:
        file = pq.ParquetFile(path)
        batch = next(file.iter_batches(batch_size=_ROWS), None)
        if batch:
            batch.validate(full=True)
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"cannot read {path.name}: {str(error).splitlines()[0]}") from error
    names = list(file.schema_arrow.names)
    return names, _texts([tuple(row.values()) for row in batch.to_pylist()] if batch else [])


def _json(name: str, path: Path) -> tuple[list[str], list[tuple[int, tuple[str, ...]]]]:
    names: dict[str, None] = {}
    objects = []
    with path.open(encoding="utf-8-sig", errors="replace") as lines:
        for number, line in enumerate(islice(lines, _ROWS), start=1):
            if line.strip():
                objects.append(_object(name, number, line))
                names |= dict.fromkeys(objects[-1])
    return list(names), _texts([tuple(one.get(column) for column in names) for one in objects])


def _object(name: str, number: int, line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError as error:
        raise DataError(f"{name}, line {number}: not JSON ({error}); each line must be one object.") from error
    if not isinstance(found, dict):
        raise DataError(f'{name}, line {number}: {line[:40]!r} is no object; each line must be one, as {{"id": 1}} is.')
    return found


def _texts(rows: Sequence[tuple[Any, ...]]) -> list[tuple[int, tuple[str, ...]]]:
    return [
        (line, tuple(cell if isinstance(cell, str) else "" for cell in row)) for line, row in enumerate(rows, start=1)
    ]
