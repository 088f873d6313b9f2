"""CSV files without formula injection: texts that a spreadsheet would run get a prefix, which reading removes.

A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula, whoever wrote it. Such a text gets a `'`
in front, as does one that begins with such `'`s, so that taking one off gives every text back. So does what follows a
semicolon, a tab or a line break: where another sign than the comma separates, a cell begins there.
"""

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

# And their like in other widths, which some spreadsheets take for the same.
SIGNS = r"[=+\-@＝＋－＠﹦﹢﹣﹫−]"
# Blanks and marks that a spreadsheet may skip; the first without what separates.
BLANKS = r"[ \f\v\"\x{A0}\x{200B}-\x{200F}\x{2060}\x{3000}\x{FEFF}]*"
SPACES = BLANKS.replace("[ ", r"[ \t\r\n")
BEGINS = rf"('*(?:{SPACES}{SIGNS}|[\t\r\n]))"
FOLLOWS = rf"('*{BLANKS}{SIGNS})"
PARTS = r"([;\t\r\n])"
A_NUMBER = r"\A[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\z"


def guarded(texts: pa.Array | pa.ChunkedArray, *, numbers: bool = False) -> pa.Array | pa.ChunkedArray:
    """The texts, prefixed where a spreadsheet would run them; with numbers, texts that are plain numbers stay."""
    safe = pc.replace_substring_regex(texts, PARTS + FOLLOWS, r"\1'\2")
    safe = pc.replace_substring_regex(safe, rf"\A{BEGINS}", r"'\1")
    return pc.if_else(pc.match_substring_regex(texts, A_NUMBER), texts, safe) if numbers else safe


def unguarded(texts: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """The texts without the prefix."""
    bare = pc.replace_substring_regex(texts, rf"\A'{BEGINS}", r"\1")
    return pc.replace_substring_regex(bare, f"{PARTS}'{FOLLOWS}", r"\1\2")


def macro() -> str:
    """SQL that defines `unguarded(column)` for mappings of a returned list."""
    begins, parts = (pattern.replace("'", "''") for pattern in (rf"\A'{BEGINS}", f"{PARTS}'{FOLLOWS}"))
    bare = rf"regexp_replace(guarded, '{begins}', '\1')"
    return rf"CREATE TEMP MACRO unguarded(guarded) AS regexp_replace({bare}, '{parts}', '\1\2', 'g')"


def guarded_rows(rows: pa.Table) -> pa.Table:
    """A table with names and texts prefixed; texts that are numbers stay."""
    columns = [
        guarded(rows[name], numbers=True) if pa.types.is_string(rows[name].type) else rows[name]
        for name in rows.column_names
    ]
    return pa.table(columns, names=guarded(pa.array(rows.column_names, pa.string())).to_pylist())


def write(path: Path, rows: pd.DataFrame) -> None:
    """Write rows with names and texts prefixed; numbers stay numbers."""
    write_parts(path, [rows])


def write_parts(path: Path, parts: Iterable[pd.DataFrame]) -> None:
    """Write the rows of several tables of the same columns as one file, as they come."""
    with path.open("w", encoding="utf-8", newline="") as file:
        for place, rows in enumerate(parts):
            _write(file, rows, header=place == 0)


def _write(file: TextIO, rows: pd.DataFrame, *, header: bool) -> None:
    safe = rows.set_axis(_safe([str(name) for name in rows.columns]), axis=1)
    broken = any("\r" in name for name in safe.columns)
    for place in range(safe.shape[1]):
        values = safe.iloc[:, place]
        if values.dtype == object or isinstance(values.dtype, pd.StringDtype):
            cells = _safe(values.tolist())
            safe.isetitem(place, np.array([*cells, None], dtype=object)[:-1])  # an array of cells, whatever they are
            broken = broken or any(isinstance(cell, str) and "\r" in cell for cell in cells)
    # Python's csv leaves a lone carriage return without quotes, and readers take it for the end of a line.
    safe.to_csv(file, index=False, header=header, quoting=csv.QUOTE_NONNUMERIC if broken else csv.QUOTE_MINIMAL)


def _safe(cells: list[Any]) -> list[Any]:
    """Cells with their texts prefixed."""
    texts = pa.array([cell if isinstance(cell, str) else None for cell in cells], pa.string())
    both = zip(cells, guarded(texts).to_pylist(), strict=True)
    return [cell if text is None else text for cell, text in both]


def read(path: Path) -> pd.DataFrame:
    """The rows of such a file as texts, without prefixes; missing cells are empty."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        header, *rows = csv.reader(lines)
    columns = [pa.array([row[place] for row in rows], pa.string()) for place in range(len(header))]
    names = unguarded(pa.array(header, pa.string())).to_pylist()
    texts = {name: unguarded(column).to_pylist() for name, column in zip(names, columns, strict=True)}
    return pd.DataFrame(texts, dtype=object)
