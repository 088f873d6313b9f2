"""Rows of JSON as a table and predictions as rows; tables of an Arrow stream."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd


def table(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Rows as a table of objects, so that every cell is read by itself. A name that a row lacks is missing there.

    pandas takes a millisecond to make one of dictionaries, of any number; rows with the same names in one order are
    put into a block instead.
    """
    names = tuple(rows[0])
    if any(tuple(row) != names for row in rows):
        return pd.DataFrame(list(rows), dtype=object)
    block = np.empty((len(rows), len(names)), dtype=object)
    for place, row in enumerate(rows):
        block[place] = list(row.values())
    return pd.DataFrame(block, columns=_index(names), dtype=object)


@lru_cache(maxsize=64)
def _index(names: tuple[str, ...]) -> pd.Index:
    return pd.Index(names, dtype=object)


def records(predictions: pd.DataFrame) -> list[dict[str, Any]]:
    """Predictions as rows; what is no number is None."""
    names = [str(name) for name in predictions.columns]
    cells = [_cells(predictions.iloc[:, place]) for place in range(len(names))]
    return [dict(zip(names, row, strict=True)) for row in zip(*cells, strict=True)]


def _cells(column: pd.Series) -> list[Any]:
    if column.dtype.kind == "f":
        return [None if cell != cell else cell for cell in column.tolist()]  # noqa: PLR0124 - NaN
    return column.astype(object).where(column.notna(), None).tolist()
