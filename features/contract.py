"""The contract: the columns that a model takes as input; it is stored with the model."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.errors import ContractError
from features.feature import FeatureColumn

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Contract:
    """The columns of a model's input, in order."""

    columns: tuple[FeatureColumn, ...]

    @property
    def names(self) -> list[str]:
        """The names of the columns, in order."""
        return [column.name for column in self.columns]

    @property
    def digest(self) -> str:
        """A hash of the contract."""
        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()[:16]

    def to_dict(self) -> dict[str, Any]:
        """The contract as plain data, for JSON."""
        return {"columns": [asdict(column) for column in self.columns]}

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> "Contract":
        """The contract that `to_dict` wrote."""
        columns = (
            FeatureColumn(**{**column, "categories": tuple(column["categories"])}) for column in plain["columns"]
        )
        return cls(tuple(columns))

    def select(self, names: Iterable[str]) -> "Contract":
        """The contract of some of the columns, in the order of this one."""
        wanted = set(names)
        return Contract(tuple(column for column in self.columns if column.name in wanted))

    def encode(self, rows: pd.DataFrame) -> Matrix:
        """The rows as doubles, shape (n_rows, n_columns): categories as their index, unknown values as NaN.

        Raises ContractError when a column is missing.
        """
        if missing := [name for name in self.names if name not in rows.columns]:
            raise ContractError(f"the rows have no column {missing}; the contract asks for {self.names}.")
        encoded = np.empty((len(rows), len(self.columns)))
        for position, column in enumerate(self.columns):
            encoded[:, position] = _encode_column(rows[column.name], column)
        return encoded

    def decode(self, encoded: Matrix) -> pd.DataFrame:
        """The inverse of encode for these doubles, shape (n_rows, n_columns): a category index becomes its value."""
        columns = zip(self.columns, encoded.T, strict=True)
        return pd.DataFrame({column.name: _decode_column(values, column) for column, values in columns})


def _encode_column(values: pd.Series, column: FeatureColumn) -> npt.NDArray[np.float64]:
    if column.type == "number":
        return cast("npt.NDArray[np.float64]", values.to_numpy(dtype=float, na_value=np.nan))
    codes = pd.Index(column.categories).get_indexer(pd.Index(values.astype(object))).astype(float)
    codes[codes < 0] = np.nan
    return cast("npt.NDArray[np.float64]", codes)


def _decode_column(values: npt.NDArray[np.float64], column: FeatureColumn) -> pd.Series:
    if column.type == "number":
        return pd.Series(values).convert_dtypes()
    known = pd.Index([*column.categories, None], dtype=object)
    return pd.Series(known[np.nan_to_num(values, nan=len(column.categories)).astype(int)])
