"""Excel sheets as tables of texts, as one sees them; a formula without its result is refused."""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pyarrow as pa

from features.errors import DataError
from features.file_format import FileFormat
from pipelines.raw_data.csv_files import Seen, check_names

_FORMULA = re.compile(rb"<f[ >/]")


def texts(path: Path, form: FileFormat) -> tuple[pa.Table, Seen]:
    """The one sheet of a workbook that holds anything: its rows as texts, blank ones left out, and what it came to.

    A whole number has no point, a day alone no time. Raises DataError when several sheets hold rows, when the first
    row holds no names, and when a formula was saved without its result.
    """
    sheets = {name: rows for name, rows in _sheets(path, values=True) if any(map(any, _seen(rows)))}
    if len(sheets) != 1:
        raise DataError(f"{path.name} has the sheets {list(sheets)}; save the one that is meant as a file of its own.")
    [(sheet, cells)] = sheets.items()
    _refuse_unreckoned(path, sheet, cells)
    return _table(path.name, [[_text(cell) for cell in row] for row in cells], form)


def _seen(rows: list[list[Any]]) -> Iterator[list[bool]]:
    yield from ([cell is not None for cell in row] for row in rows)


def _sheets(path: Path, *, values: bool) -> Iterator[tuple[str, list[list[Any]]]]:
    from openpyxl import load_workbook  # half a second, which nobody waits for who has no workbook

    book = load_workbook(path, read_only=True, data_only=values)
    try:
        for sheet in book.worksheets:
            sheet.reset_dimensions()  # some programs write them wrongly
            yield sheet.title, [list(row) for row in sheet.iter_rows(values_only=True)]
    finally:
        book.close()


def _refuse_unreckoned(path: Path, sheet: str, cells: list[list[Any]]) -> None:
    """Programs that write formulas may not reckon them: such a cell would be read as empty."""
    with ZipFile(path) as archive:
        parts = [name for name in archive.namelist() if name.startswith("xl/worksheets/")]
        if not any(_FORMULA.search(archive.read(name)) for name in parts):
            return
    formulas = dict(_sheets(path, values=False))[sheet]
    for number, (row, of_row) in enumerate(zip(cells, formulas, strict=True), start=1):
        for place, (value, formula) in enumerate(zip(row, of_row, strict=False)):
            if value is None and formula is not None:
                from openpyxl.utils import get_column_letter

                raise DataError(
                    f"{path.name}, cell {get_column_letter(place + 1)}{number} of '{sheet}': the formula {formula!r}"
                    " was saved without its result; open the file in Excel and save it, or save it as CSV."
                )


def _table(name: str, rows: list[list[str | None]], form: FileFormat) -> tuple[pa.Table, Seen]:
    rows = [row for row in rows if any(cell is not None for cell in row)]
    width = max(place for row in rows for place, cell in enumerate(row, start=1) if cell is not None)
    whole = [(row + [None] * width)[:width] for row in rows]
    names = list(form.names) if not form.header else [cell or "" for cell in whole[0]]
    if form.header:
        check_names(name, names, is_text=False)
        whole = whole[1:]
    if len(names) != width:
        raise DataError(f"{name} has {width} columns where the spec names {len(names)}: {names}; name them all.")
    if not whole:
        raise DataError(f"{name} holds no rows.")
    columns = zip(*whole, strict=True)
    table = pa.table({one: pa.array(column, pa.string()) for one, column in zip(names, columns, strict=True)})
    return table, Seen(names, table.num_rows)


def _text(cell: Any) -> str | None:
    """A cell as one sees it; a blank text is nothing."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    return str(cell) if cell is not None and str(cell).strip() else None
