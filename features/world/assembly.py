"""Arrays of the simulation as table rows in the declared columns and types."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.schema import Column, Table
from features.world.arrays import Codes, Positions

_ID_WIDTH = 7


def assemble(table: Table, columns: Mapping[str, Any]) -> pa.Table:
    """The rows of a table from one array for each of its columns.

    customer_id holds positions in the population; NaN and MISSING_INSTANT become null. No array needs to be in
    the type or the place that the table declares; a nullable column without one is missing in every row.
    """
    size = len(columns["customer_id"])
    arrays = [
        pa.nulls(size, pa.type_for_alias(column.arrow_type))
        if column.nullable and column.name not in columns
        else _array(column, columns[column.name])
        for column in table.columns
    ]
    return pa.Table.from_arrays(arrays, names=list(table.names))


def customer_ids(customers: Positions) -> pa.Array:
    """The ids of customers by index: C0000001 is the first who joined."""
    every = np.arange(1, customers.max() + 2) if len(customers) else np.arange(0)
    return numbered("C", every).take(pa.array(customers))


def numbered(prefix: str, numbers: Codes) -> pa.Array:
    """Names made of a prefix and a number of seven digits."""
    digits = pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), _ID_WIDTH, "0")
    return pc.binary_join_element_wise(prefix, digits, "")


def worded(words: tuple[str, ...], codes: Codes) -> pa.Array:
    """The words for these codes."""
    return pa.array(words, pa.string()).take(pa.array(codes))


def _array(column: Column, values: Any) -> pa.Array:
    if column.name == "customer_id":
        return customer_ids(values)
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values
    if column.type == "timestamp":
        return pa.array(_moments(values), pa.timestamp("us"))
    return pa.array(values, pa.type_for_alias(column.arrow_type), from_pandas=True)


def _moments(instants: NDArray[np.int64]) -> NDArray[np.datetime64]:
    return instants.view("datetime64[us]")
