"""Conversion of input rows to a model's matrix; unreadable cells are refused with their position."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.models.scorers.cells import A_NUMBER, LONGEST, Categories, exact, number

Numbers = NDArray[np.float64]
Plain = dict[str, Any]
FEW = 8


class Reader:
    """Reads tables with a contract's columns, as in `contract.json`."""

    def __init__(self, columns: Sequence[Plain]) -> None:
        self.names = pd.Index([column["name"] for column in columns])
        self.categories = {
            place: Categories(column["categories"])
            for place, column in enumerate(columns)
            if column["type"] == "category"
        }
        self.coded = list(self.categories)
        self.reads = [self.categories[k].code if k in self.categories else number for k in range(len(columns))]

    def read(self, rows: pd.DataFrame) -> Numbers:
        """The rows as doubles, shape (n_rows, n_columns); categories as their index, unknown or missing as NaN.

        Raises ValueError when a column is missing or occurs twice, and when a cell cannot be read: it names the
        column, the row and what was expected.
        """
        places, types = self._places(rows), rows.dtypes.to_numpy()
        # Cells of a float32 lose their type on the way to objects, and with it how many digits they are spelt with.
        if len(rows) <= FEW and all(one.kind != "f" for one in types[places[self.coded]]):
            return self._few(rows, places)
        encoded = np.empty((len(places), len(rows)))  # a column after the other, as a table holds them
        bad: list[tuple[int, int]] = []
        alike: dict[Any, list[int]] = {}
        for place, dtype in enumerate(types[places]):
            if isinstance(dtype, np.dtype) and dtype.kind in "biufO" and place not in self.categories:
                alike.setdefault(dtype, []).append(place)
            else:
                encoded[place], wrong = self._column(rows.iloc[:, places[place]], place)
                if wrong.any():
                    bad += [(int(row), place) for row in np.flatnonzero(wrong)]
        for group in alike.values():
            encoded[group], wrong = _numbers(rows.take(places[group], axis=1).to_numpy().T)
            if wrong.any():
                bad += [(int(row), group[column]) for column, row in np.argwhere(wrong)]
        if bad:
            self._refuse(rows, places, bad)
        return encoded.T

    def _few(self, rows: pd.DataFrame, places: NDArray[np.intp]) -> Numbers:
        """The same, cell by cell, which is faster for few rows."""
        cells = (
            rows if rows.shape[1] == len(places) and (np.diff(places) == 1).all() else rows.take(places, axis=1)
        ).to_numpy(dtype=object)
        found = [[read(cell) for read, cell in zip(self.reads, row, strict=True)] for row in cells]
        if bad := [(row, place) for row, each in enumerate(found) for place, one in enumerate(each) if one is None]:
            self._refuse(rows, places, bad)
        return np.array(found, dtype=float).reshape(len(rows), len(places))

    def _places(self, rows: pd.DataFrame) -> NDArray[np.intp]:
        """The positions of the columns in the rows."""
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
        """A column as doubles, and which of its cells are unreadable."""
        plain, categories = _plain(values), self.categories.get(place)
        if categories is None:
            doubles, wrong = _numbers(values.to_numpy(dtype=object) if plain is None else plain[0])
            return (doubles, wrong) if plain is None else (np.where(plain[1], np.nan, doubles), wrong & ~plain[1])
        if plain is None:
            return _read(categories.codes(values.to_numpy(dtype=object)))
        which, distinct = pd.factorize(plain[0])
        codes, wrong = _read([*categories.codes(distinct), np.nan])
        return np.where(plain[1], np.nan, codes[which]), wrong[which] & ~plain[1]

    def _refuse(self, rows: pd.DataFrame, places: NDArray[np.intp], bad: list[tuple[int, int]]) -> None:
        """Raise ValueError for the first unreadable cell."""
        row, place = min(bad)
        cells = rows.iloc[row, places[place]], rows.index[row]
        value, index = (one.item() if isinstance(one, np.generic) else one for one in cells)
        shown = repr(value)
        shown = shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}..."
        expected = self.categories[place].expected if place in self.categories else A_NUMBER
        more = f"; {len(bad) - 1} more cells cannot be read" if len(bad) > 1 else ""
        raise ValueError(
            f"column '{self.names[place]}', row {row} (index {index!r}): {shown} cannot be read; expected"
            f" {expected}{more}"
        )


def _plain(values: pd.Series) -> tuple[NDArray[Any], NDArray[np.bool_]] | None:
    """The numbers of a column in NumPy's type, and which are missing; None where its type is not numeric."""
    dtype = values.dtype
    if isinstance(dtype, np.dtype):
        return (values.to_numpy(), np.zeros(len(values), dtype=bool)) if dtype.kind in "biuf" else None
    kept = getattr(dtype, "numpy_dtype", None)
    if kept is None or kept.kind not in "biuf":
        return None
    missing = values.isna().to_numpy(dtype=bool)
    return values.fillna(False if kept.kind == "b" else 0).to_numpy(dtype=kept), missing


def _read(found: list[float | None]) -> tuple[Numbers, NDArray[np.bool_]]:
    """The converted cells, and which could not be converted."""
    refused = [one is None for one in found] if None in found else np.zeros(len(found), dtype=bool)
    return np.array(found, dtype=float), np.asarray(refused, dtype=bool)


def _numbers(block: NDArray[Any]) -> tuple[Numbers, NDArray[np.bool_]]:
    """Numbers as doubles, and which cells are inexact, infinite or not numbers."""
    if block.dtype == object:
        doubles, wrong = _read([number(value) for value in block.ravel()])
        return doubles.reshape(block.shape), wrong.reshape(block.shape)
    doubles = block.astype(np.float64, copy=False)
    if block.dtype.kind in "iu" and block.dtype.itemsize == 8:
        wrong = np.abs(doubles) > 2.0**53
        for place in np.argwhere(wrong):
            wrong[tuple(place)] = exact(int(block[tuple(place)])) is None
        return doubles, wrong
    if block.dtype.kind == "f":
        wrong = np.isinf(doubles)
        return doubles, wrong | (doubles != block) & ~np.isnan(doubles) if block.dtype.itemsize > 8 else wrong
    return doubles, np.zeros(block.shape, dtype=bool)


def table(asked: Any) -> pd.DataFrame:
    """The input as a table: a DataFrame as it is, a list of records, one record, or columns by name.

    Raises ValueError for anything else.
    """
    if isinstance(asked, pd.DataFrame):
        return asked
    if isinstance(asked, Mapping):
        asked = {name: _bare(cells) for name, cells in asked.items()}
        if not all(isinstance(cells, list | tuple | np.ndarray | pd.Series) for cells in asked.values()):
            return pd.DataFrame([asked], dtype=object)
        return pd.DataFrame({name: [_bare(cell) for cell in cells] for name, cells in asked.items()}, dtype=object)
    if isinstance(asked, list) and all(isinstance(record, Mapping) for record in asked):
        return pd.DataFrame([{name: _bare(cell) for name, cell in one.items()} for one in asked], dtype=object)
    raise ValueError(f"rows are a pandas DataFrame, a list of records or columns by name, not a {type(asked).__name__}")


def _bare(value: Any) -> Any:
    """A value without the array that MLflow's server wraps it in."""
    return value.item() if isinstance(value, np.ndarray) and not value.ndim else value
