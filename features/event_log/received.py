"""Rows that the service received, one by one, in the types of the canonical tables."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from features.schema import Table

# The raw file of a spec that says `received: true`: number, table, key, known_at, row (JSON), raw (JSON or null).
FILE = "received.parquet"
_MICROSECONDS = pa.timestamp("us")


def typed(known_at: Sequence[datetime], rows: Sequence[Mapping[str, Any]], table: Table) -> pa.Table:
    """Received rows of one table, in its columns and types; known_at is when each became known.

    A time that is not planned cannot be later than known_at: where the sender's clock was ahead, it is known_at.
    """
    known = pa.array(known_at, _MICROSECONDS)
    columns = {}
    for column in table.columns:
        said = [row.get(column.name) for row in rows]
        if column.name == "known_at":
            columns[column.name] = known
        elif column.type == "timestamp":
            moments = pa.array(said, pa.string()).cast(_MICROSECONDS)
            earliest = moments if column.may_be_future else pc.min_element_wise(moments, known, skip_nulls=False)
            columns[column.name] = earliest
        else:
            columns[column.name] = pa.array(said, pa.type_for_alias(column.arrow_type))
    return pa.table(columns)
