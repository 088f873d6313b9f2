"""Reading rows as a model's input: whatever can be read without loss is read, the rest is refused with its place.

A cell is read by itself: what else stands in the batch, and which type it gave to the column, changes nothing.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Plain = dict[str, Any]

NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
WHOLE = re.compile(r"[+-]?[0-9]+")
A_NUMBER = "a finite number that a double holds without loss, or nothing where it is missing"
SHOWN, LONGEST = 5, 60
# From so many rows on, a column of texts is looked up as a whole.
MANY = 64


def is_missing(value: Any) -> bool:
    """Whether a cell holds nothing: None, NaN, NA or NaT, of whatever type."""
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    if isinstance(value, np.datetime64 | np.timedelta64):
        return bool(np.isnat(value))
    return isinstance(value, float | np.floating | Decimal) and bool(value != value)  # noqa: PLR0124 - NaN


def number(value: Any) -> float | None:
    """A cell of a number column as a double, NaN where it is missing or a blank text; None where it cannot be read."""
    if is_missing(value):
        return np.nan
    if isinstance(value, str | Decimal):
        return _spelt(str(value).strip())
    if isinstance(value, bool | np.bool_ | int | np.integer):
        return _exact(int(value))
    return _finite(float(value)) if isinstance(value, float | np.floating) and value == float(value) else None


def _spelt(text: str) -> float | None:
    """The number that a text spells; NaN where it is empty."""
    if not text:
        return np.nan
    if not NUMBER.fullmatch(text):
        return None
    return _exact(int(text)) if WHOLE.fullmatch(text) and len(text) < LONGEST else _finite(float(text))


def _exact(whole: int) -> float | None:
    """A whole number, or None where a double has not all of its digits."""
    try:
        return float(whole) if int(float(whole)) == whole else None
    except OverflowError:
        return None


def _finite(found: float) -> float | None:
    return found if np.isfinite(found) else None


class Categories:
    """The categories of a column, and which of them a cell means."""

    def __init__(self, categories: Sequence[str]) -> None:
        self.known = {text: float(place) for place, text in enumerate(categories)}
        self.index = pd.Index(list(categories), dtype=object)
        self.numbers: dict[Decimal, list[str]] = {}
        self.truths: dict[str, list[str]] = {"true": [], "false": []}
        for text in categories:
            if NUMBER.fullmatch(text):
                self.numbers.setdefault(Decimal(text), []).append(text)
            if text.lower() in self.truths:
                self.truths[text.lower()].append(text)
        more = ", ..." if len(categories) > SHOWN else ""
        self.expected = f"one of the texts {', '.join(map(repr, categories[:SHOWN]))}{more}, or a number or truth value"
        self.expected += " that is spelt like one of them only"

    def code(self, value: Any) -> float | None:
        """The place of a cell's category; NaN where it is missing or not known, None where it cannot be read."""
        if isinstance(value, str):
            return self.known.get(value, self.known.get(value.strip(), np.nan))
        if isinstance(value, bool | np.bool_):
            return self._truth(bool(value))
        if is_missing(value):
            return np.nan
        if isinstance(value, int | np.integer):
            return self._number(str(int(value)))
        if isinstance(value, float | np.floating):
            # The digits that tell it from its neighbours; of a whole number beyond them, some were lost.
            kept = bool(np.isfinite(value)) and abs(float(value)) < 2.0 ** np.finfo(type(value)).nmant
            return self._number(np.format_float_positional(value, unique=True, trim="-")) if kept else None
        return self._number(f"{value:f}") if isinstance(value, Decimal) and value.is_finite() else None

    def _number(self, text: str) -> float | None:
        """The category that is spelt like a number; None where others are the same number in other digits."""
        same = self.numbers.get(Decimal(text), [])
        if not same:
            return np.nan
        plain = f"{Decimal(text).normalize() + 0:f}"
        return self.known[same[0]] if len(same) == 1 and same[0] in (plain, f"{plain}.0") else None

    def _truth(self, value: bool) -> float | None:
        """The category that is the word for a truth value or, where there are no such words, its 1 or 0."""
        if not any(self.truths.values()):
            return self._number(str(int(value))) if {Decimal(0), Decimal(1)} & self.numbers.keys() else None
        same = self.truths[str(value).lower()]
        return None if len(same) > 1 else self.known[same[0]] if same else np.nan

    def codes(self, cells: Any) -> NDArray[Any]:
        """The code of each cell of an array of objects."""
        if len(cells) < MANY or pd.api.types.infer_dtype(cells, skipna=True) != "string":
            return np.array([self.code(value) for value in cells], dtype=object)
        found = self.index.get_indexer(cells).astype(object)
        for place in np.flatnonzero(found < 0):
            found[place] = self.code(cells[place])
        return found


class Reader:
    """Reads tables of a contract's columns, as they stand in `contract.json`."""

    def __init__(self, columns: Sequence[Plain]) -> None:
        self.names = pd.Index([column["name"] for column in columns])
        self.categories = {
            place: Categories(column["categories"])
            for place, column in enumerate(columns)
            if column["type"] == "category"
        }

    def read(self, rows: pd.DataFrame) -> Numbers:
        """The rows as doubles, shape (n_rows, n_columns); a category is its place, unknown or missing is NaN.

        Raises ValueError when a column is missing or stands twice, and when a cell cannot be read: it names the
        column, the row and what was expected.
        """
        places = self._places(rows)
        encoded = np.empty((len(rows), len(places)))
        bad: list[tuple[int, int]] = []
        alike: dict[Any, list[int]] = {}
        for place, dtype in enumerate(rows.dtypes.to_numpy()[places]):
            if isinstance(dtype, np.dtype) and dtype.kind in "biuf" and place not in self.categories:
                alike.setdefault(dtype, []).append(place)
            else:
                encoded[:, place], wrong = self._column(rows.iloc[:, places[place]], place)
                bad += [(int(row), place) for row in np.flatnonzero(wrong)]
        for group in alike.values():
            encoded[:, group], wrong = _numbers(rows.take(places[group], axis=1).to_numpy())
            if wrong.any():
                bad += [(int(row), group[column]) for row, column in np.argwhere(wrong)]
        if bad:
            self._refuse(rows, places, bad)
        return encoded

    def _places(self, rows: pd.DataFrame) -> NDArray[np.intp]:
        """Where the columns stand in the rows."""
        if rows.columns.equals(self.names):
            return np.arange(len(self.names))
        if rows.columns.nlevels > 1:
            raise ValueError("the rows' columns have names of several levels; the contract's have one")
        if not rows.columns.is_unique and (
            twice := sorted(set(self.names) & set(rows.columns[rows.columns.duplicated()]))
        ):
            raise ValueError(f"the rows have the column {twice} twice")
        places = rows.columns.get_indexer_for(self.names)
        if absent := list(self.names[places < 0]):
            raise ValueError(f"the rows have no column {absent}; the contract asks for them")
        return np.asarray(places)

    def _column(self, values: pd.Series, place: int) -> tuple[Numbers, NDArray[np.bool_]]:
        """A column's doubles, and which of its cells cannot be read."""
        plain = _plain(values)
        categories = self.categories.get(place)
        if plain is None:
            cells = values.to_numpy(dtype=object)
            found = (
                categories.codes(cells) if categories else np.array([number(value) for value in cells], dtype=object)
            )
        elif categories is None:
            doubles, wrong = _numbers(plain[0])
            return np.where(plain[1], np.nan, doubles), wrong & ~plain[1]
        else:
            which, distinct = pd.factorize(plain[0])
            codes = np.array([*(categories.code(value) for value in distinct), np.nan], dtype=object)
            found = np.where(plain[1], np.nan, codes[which])
        wrong = np.array([one is None for one in found], dtype=bool)
        return np.where(wrong, np.nan, found).astype(float), wrong

    def _refuse(self, rows: pd.DataFrame, places: NDArray[np.intp], bad: list[tuple[int, int]]) -> None:
        """Raise ValueError for the first of the cells that cannot be read."""
        row, place = min(bad)
        value = rows.iloc[row, places[place]]
        shown = repr(value.item() if isinstance(value, np.generic) else value)
        shown = shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}..."
        expected = self.categories[place].expected if place in self.categories else A_NUMBER
        more = f"; {len(bad) - 1} more cells cannot be read" if len(bad) > 1 else ""
        raise ValueError(
            f"column '{self.names[place]}', row {row} (index {rows.index[row]!r}): {shown} cannot be read; expected"
            f" {expected}{more}"
        )


def _plain(values: pd.Series) -> tuple[NDArray[Any], NDArray[np.bool_]] | None:
    """The numbers of a column in NumPy's type, and where there are none; None where its type is no number's."""
    dtype = values.dtype
    if isinstance(dtype, np.dtype):
        return (values.to_numpy(), np.zeros(len(values), dtype=bool)) if dtype.kind in "biuf" else None
    kept = getattr(dtype, "numpy_dtype", None)
    if kept is None or kept.kind not in "biuf":
        return None
    missing = values.isna().to_numpy(dtype=bool)
    return values.fillna(False if kept.kind == "b" else 0).to_numpy(dtype=kept), missing


def _numbers(block: NDArray[Any]) -> tuple[Numbers, NDArray[np.bool_]]:
    """Numbers as doubles, and which of them a double does not hold or are infinite."""
    doubles = block.astype(np.float64, copy=False)
    if block.dtype.kind in "iu" and block.dtype.itemsize == 8:
        wrong = np.abs(doubles) > 2.0**53
        for place in np.argwhere(wrong):
            wrong[tuple(place)] = _exact(int(block[tuple(place)])) is None
        return doubles, wrong
    if block.dtype.kind == "f":
        wrong = np.isinf(doubles)
        return doubles, wrong | (doubles != block) & ~np.isnan(doubles) if block.dtype.itemsize > 8 else wrong
    return doubles, np.zeros(block.shape, dtype=bool)


def table(asked: Any) -> pd.DataFrame:
    """What was sent as a table: a DataFrame as it is, a list of records, one record, or columns by name.

    Raises ValueError for anything else.
    """
    if isinstance(asked, pd.DataFrame):
        return asked
    if isinstance(asked, Mapping):
        columns = {
            name: cells for name, cells in asked.items() if isinstance(cells, list | tuple | np.ndarray | pd.Series)
        }
        return pd.DataFrame(dict(asked) if len(columns) == len(asked) else [dict(asked)], dtype=object)
    if isinstance(asked, list) and all(isinstance(record, Mapping) for record in asked):
        return pd.DataFrame(asked, dtype=object)
    raise ValueError(f"rows are a pandas DataFrame, a list of records or columns by name, not a {type(asked).__name__}")
