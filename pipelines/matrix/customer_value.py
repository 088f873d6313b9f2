"""The value of a good outcome by customer."""

import pyarrow as pa
import pyarrow.compute as pc

from experiments.sections.value import ValueSpec


def with_value(rows: pa.Table, value: ValueSpec, column: pa.ChunkedArray | None) -> pa.Table:
    """The rows with `value`: the constant, times the column where the spec names one (missing counts as 0)."""
    if column is None:
        return rows.append_column("value", pa.array([value.constant] * rows.num_rows, pa.float64()))
    worth = pc.multiply(pc.cast(column, pa.float64()), value.constant)
    return rows.append_column("value", pc.fill_null(worth, 0.0))
