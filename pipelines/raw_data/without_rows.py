"""Rewriting one raw file without some of its rows: whatever else it holds stays as it is written."""

import gzip
import json
import re
import shutil
from collections.abc import Collection, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import DataError
from features.file_format import PLAIN, FileFormat
from pipelines.raw_data import csv_rows, excel, scans
from pipelines.raw_data.parts import Part, parts_of

# Where a workbook says when it was saved, and when it was made: the library says so of one that does not.
_ABOUT = "docProps/core.xml"
_SAVED_AT, _MADE_AT = (re.compile(rb"<dcterms:%s.*?</dcterms:%s>" % (one, one)) for one in (b"modified", b"created"))


def write(
    path: Path, form: FileFormat | None, rows: Collection[int], out: Path, database: duckdb.DuckDBPyConnection
) -> None:
    """Write a copy of a file (no folder) to out without these rows, counted from 0 in the order of the file.

    Parquet, CSV, Excel and JSON lines keep their encoding, format and packing; temporary
    files are beside out. Raises DataError where the copy would not read as the rest of the file: then
    the rows have to be taken out by hand.
    """
    scratch = out.parent / f"{out.name}.scratch"
    scratch.mkdir()
    try:
        (part,) = parts_of(path, form, scratch)
        plain = scratch / "without"
        _WRITERS[part.kind](part, set(rows), plain)
        copy = scratch / "copy" / path.name
        copy.parent.mkdir()
        _packed(path, plain, copy, form or PLAIN, part)
        _check(part, parts_of(copy, form, scratch)[0], rows, database, scratch)
        shutil.move(copy, out)
    finally:
        shutil.rmtree(scratch)


def write_list(path: Path, rows: Collection[int], out: Path) -> None:
    """The same of a CSV file that this project wrote."""
    _csv(Part(path.name, path, "csv", PLAIN), set(rows), out)


def _csv(part: Part, rows: set[int], out: Path) -> None:
    with (
        csv_rows.long_fields(),
        part.path.open(encoding="utf-8", newline="") as text,
        out.open("w", encoding="utf-8", newline="") as new,
    ):
        new.writelines(_lines_of_rows(text, part.form, rows))


def _lines_of_rows(text: Iterator[str], form: FileFormat, rows: set[int]) -> Iterator[str]:
    """The lines of a text that belong to none of these rows."""
    taken: list[str] = []

    def lines() -> Iterator[str]:
        for line in text:
            taken.append(line)
            yield line

    number = -1 if form.header else 0
    for row in csv_rows.reader(csv_rows.Lines(lines()), form):
        is_row = bool(row)
        if not (is_row and number in rows):
            yield from taken
        taken.clear()
        number += is_row


def _json_lines(part: Part, rows: set[int], out: Path) -> None:
    with part.path.open("rb") as lines, out.open("wb") as new:
        number = 0
        for line in lines:
            is_row = bool(line.strip())
            if not (is_row and number in rows):
                new.write(line)
            number += is_row


def _parquet(part: Part, rows: set[int], out: Path) -> None:
    file = pq.ParquetFile(part.path)
    mask = pa.array([number not in rows for number in range(file.metadata.num_rows)])
    groups = max(file.metadata.num_row_groups, 1)
    codec = file.metadata.row_group(0).column(0).compression.lower() if file.metadata.num_row_groups else "snappy"
    size = max(file.metadata.num_rows // groups, 1)
    kind = "none" if codec == "uncompressed" else codec
    pq.write_table(file.read().filter(mask), out, compression=kind, row_group_size=size)


def _excel(part: Part, rows: set[int], out: Path) -> None:
    from openpyxl import load_workbook  # half a second, which nobody waits for who has no workbook

    sheet = part.form.sheet or next(iter(excel.filled_sheets(part.name, part.path)))
    with part.path.open("rb") as file:
        book = load_workbook(file)
    number, gone = -1 if part.form.header else 0, []
    for place, cells in enumerate(book[sheet].iter_rows(values_only=True), start=1):
        if any(excel.text(cell) is not None for cell in cells):
            if number in rows:
                gone.append(place)
            number += 1
    for place in reversed(gone):
        book[sheet].delete_rows(place)
    saved = BytesIO()
    book.save(saved)
    with ZipFile(part.path) as archive:
        says_when = _ABOUT in archive.namelist() and _MADE_AT.search(archive.read(_ABOUT))
    undated = (_SAVED_AT,) if says_when else (_SAVED_AT, _MADE_AT)
    with ZipFile(saved) as archive, ZipFile(out, "w") as new:
        for name in archive.namelist():
            content = archive.read(name)
            for said in undated if name == _ABOUT else ():
                content = said.sub(b"", content)
            new.writestr(_undated(name), content)


def _undated(name: str) -> ZipInfo:
    """A member of an archive, which says nothing of when it was written: the same content gives the same bytes."""
    member = ZipInfo(name)
    member.compress_type = ZIP_DEFLATED
    return member


_WRITERS: dict[str, Any] = {"csv": _csv, "json_lines": _json_lines, "parquet": _parquet, "excel": _excel}


def _packed(path: Path, plain: Path, out: Path, form: FileFormat, part: Part) -> None:
    """Give the copy the encoding and the packing of the file."""
    content = plain
    if form.encoding != "utf-8" and part.kind in ("csv", "json_lines"):
        content = plain.with_name("encoded")
        with (
            plain.open(encoding="utf-8", newline="") as text,
            content.open("w", encoding=form.encoding, newline="") as encoded,
        ):
            shutil.copyfileobj(text, encoded)
    suffix = path.suffix.lower()
    if suffix == ".gz":
        with (
            content.open("rb") as one,
            out.open("wb") as file,
            gzip.GzipFile(path.stem, "wb", fileobj=file, mtime=0) as packed,
        ):
            shutil.copyfileobj(one, packed)
    elif suffix == ".zip":
        with (
            ZipFile(out, "w") as archive,
            content.open("rb") as one,
            archive.open(_undated(part.name.rpartition("/")[2]), "w", force_zip64=True) as packed,
        ):
            shutil.copyfileobj(one, packed)
    else:
        shutil.copyfile(content, out)


def _check(
    before: Part, after: Part, rows: Collection[int], database: duckdb.DuckDBPyConnection, scratch: Path
) -> None:
    """Raise DataError unless the copy reads as the file without the rows."""
    whole = scans.texts_of(before, database, scratch)
    mask = pa.array([number not in rows for number in range(whole.num_rows)])
    try:
        same = scans.texts_of(after, database, scratch).equals(whole.filter(mask))
    except (DataError, pa.ArrowInvalid, duckdb.Error):
        same = False
    if not same:
        raise DataError(
            f"{before.name} cannot be written without rows so that the others stay as they are; take"
            f" {json.dumps(len(rows))} rows out by hand, add the file with `data`, and run the same command again."
        )
