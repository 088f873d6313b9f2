"""Excel sheets as text tables; formulas without a stored result are refused."""

import errno
import re
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile

import pyarrow as pa
import pyarrow.compute as pc

from features.errors import DataError
from features.file_format import FileFormat
from features.written_numbers import Signs, plain_texts
from pipelines.raw_data.csv_files import Seen, check_names
from pipelines.raw_data.parts import Part

_FORMULA = re.compile(rb"<f[ >/]")
_STYLES, _ZEROS = "xl/styles.xml", re.compile(rb'formatCode="0{2,}"')
# Of larger numbers Excel keeps no more digits than these have.
_ROUNDED = 1e15


def texts(part: Part) -> tuple[pa.Table, Seen]:
    """The rows of a workbook's sheet as texts, with the number of rows: the named sheet, or the only one with cells.

    Blank rows are left out. Whole numbers have no decimal point, dates without time no time. Raises DataError when
    several sheets have rows and none is named, when the first row has no names, when a formula was saved without its
    result, and when a number has more digits than Excel stores.
    """
    name, form = part.name, part.form
    sheets = filled_sheets(name, part.path)
    if form.sheet is not None and form.sheet not in sheets:
        raise DataError(f"{name} has no sheet {form.sheet!r} that holds anything; it has {list(sheets)}.")
    if not sheets:
        raise DataError(f"{name} holds nothing in any sheet.")
    if form.sheet is None and len(sheets) != 1:
        such = next(iter(sheets))
        raise DataError(
            f"{name} has the sheets {list(sheets)}; say in the spec, beside the file, which one is meant, such as"
            f' `format: {{sheet: "{such}"}}`, or leave that one only.'
        )
    sheet = form.sheet or next(iter(sheets))
    cells = sheets[sheet]
    _refuse_formulas_without_result(part, sheet, cells)
    _refuse_rounded(name, sheet, cells)
    return _table(name, cells, form)


def filled_sheets(name: str, path: Path) -> dict[str, list[list[Any]]]:
    """The sheets of a workbook that are not empty, by name: rows of cell values.

    Raises DataError where the file is not a workbook.
    """
    try:
        return {sheet: rows for sheet, rows in _sheets(path, values=True) if any(map(any, _seen(rows)))}
    except (BadZipFile, KeyError, ValueError, TypeError, EOFError, zlib.error, ParseError) as error:
        raise DataError(f"cannot read {name}: it is no workbook ({error}); save it as .xlsx, or as CSV.") from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # a place before the beginning, which a damaged list of parts names
            raise
        raise DataError(f"cannot read {name}: the workbook is damaged; save it anew as .xlsx, or as CSV.") from error


def _refuse_rounded(name: str, sheet: str, cells: list[list[Any]]) -> None:
    """Refuse numbers of more than 15 digits: Excel stores no more, so a longer identifier has lost the rest."""
    for number, row in enumerate(cells, start=1):
        for place, cell in enumerate(row, start=1):
            if isinstance(cell, float) and abs(cell) >= _ROUNDED and cell.is_integer():
                raise DataError(
                    f"{name}, cell {_letter(place)}{number} of '{sheet}': the number {cell!r} has more than 15 digits,"
                    " of which Excel keeps no more; if it is an identifier, make the column a text and fill it anew."
                )


def _letter(place: int) -> str:
    from openpyxl.utils import get_column_letter

    return str(get_column_letter(place))


def _seen(rows: list[list[Any]]) -> Iterator[list[bool]]:
    yield from ([cell is not None for cell in row] for row in rows)


def _sheets(path: Path, *, values: bool) -> Iterator[tuple[str, list[list[Any]]]]:
    from openpyxl import load_workbook  # half a second, which nobody waits for who has no workbook

    shows_zeros = values and _shows_zeros(path)
    with path.open("rb") as file:  # by its name openpyxl would take one that does not end in .xlsx for no workbook
        book = load_workbook(file, read_only=True, data_only=values)
        try:
            for sheet in book.worksheets:
                sheet.reset_dimensions()  # some programs write them wrongly
                rows = sheet.iter_rows(values_only=not shows_zeros)
                yield sheet.title, [[_shown(cell) for cell in row] if shows_zeros else list(row) for row in rows]
        finally:
            book.close()


def _shows_zeros(path: Path) -> bool:
    """Whether some cells of a workbook display their numbers with leading zeros, as identifiers have."""
    with ZipFile(path) as archive:
        return _STYLES in archive.namelist() and _ZEROS.search(archive.read(_STYLES)) is not None


def _shown(cell: Any) -> Any:
    """The value of a cell; a whole number displayed with leading zeros becomes a text with them."""
    value = cell.value
    is_whole = value.is_integer() if isinstance(value, float) else type(value) is int
    if is_whole and set(cell.number_format) == {"0"} and len(cell.number_format) > 1:
        return f"{int(value):0{len(cell.number_format)}d}"
    return value


def _refuse_formulas_without_result(part: Part, sheet: str, cells: list[list[Any]]) -> None:
    """Refuse formulas without a stored result, as some programs write them: they would be read as empty."""
    with ZipFile(part.path) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/")]
        if not any(_FORMULA.search(archive.read(name)) for name in sheets):
            return
    formulas = dict(_sheets(part.path, values=False))[sheet]
    for number, (row, of_row) in enumerate(zip(cells, formulas, strict=True), start=1):
        for place, (value, formula) in enumerate(zip(row, of_row, strict=False), start=1):
            if value is None and formula is not None:
                raise DataError(
                    f"{part.name}, cell {_letter(place)}{number} of '{sheet}': the formula {formula!r} was saved"
                    " without its result; open the file in Excel and save it, or save it as CSV."
                )


def _table(name: str, cells: list[list[Any]], form: FileFormat) -> tuple[pa.Table, Seen]:
    rows = [row for row in cells if any(text(cell) is not None for cell in row)]
    width = max(place for row in rows for place, cell in enumerate(row, start=1) if text(cell) is not None)
    whole = [(row + [None] * width)[:width] for row in rows]
    names = list(form.names) if not form.header else [text(cell) or "" for cell in whole[0]]
    if form.header:
        check_names(name, names, is_text=False)
        whole = whole[1:]
    if len(names) != width:
        raise DataError(f"{name} has {width} columns where the spec names {len(names)}: {names}; name them all.")
    if not whole:
        raise DataError(f"{name} holds no rows.")
    columns = zip(names, zip(*whole, strict=True), strict=True)
    table = pa.table({one: _column(column, form.signs.get(one, Signs())) for one, column in columns})
    return table, Seen(names, table.num_rows)


def _column(cells: tuple[Any, ...], signs: Signs) -> pa.Array:
    """Cells as texts; text cells are converted by the number signs of the format, numeric cells need no conversion."""
    texts = pa.array([text(cell) for cell in cells], pa.string())
    is_text = pa.array([isinstance(cell, str) for cell in cells])
    return texts if signs.is_plain else pc.if_else(is_text, plain_texts(texts, signs), texts)


def text(cell: Any) -> str | None:
    """A cell as text; None for a blank one."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    return str(cell) if cell is not None and str(cell).strip() else None
