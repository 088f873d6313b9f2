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
    return pd.Index(names)


def records(predictions: pd.DataFrame) -> list[dict[str, Any]]:
    """Predictions as rows; a cell that is NaN becomes null in JSON."""
    names = [str(name) for name in predictions.columns]
    return [dict(zip(names, row, strict=True)) for row in predictions.to_numpy(dtype=object).tolist()]
