"""The world that the laws of features and labels are tried on, and what may be done to its rows."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features import sources
from features.plugins import plugin
from features.source import Source
from features.tables import CANONICAL

AS_OF = datetime(2025, 7, 1)
EVENTS = ("usage", "milestones", "transactions", "interactions", "surveys", "treatments")
SIMULATED = plugin(sources, "simulated", Source)
EMPTY = "C9999999"

Tables = Mapping[str, pa.Table]


@cache
def small_world() -> Tables:
    """Twenty months of a small world, so that two of them lie after AS_OF, and one customer of whom nothing is known.

    The contacts are given a tone, which nothing reads yet.
    """
    options = SIMULATED.options(kind="simulated", customers=300, months=20)
    parts: dict[str, list[pa.Table]] = {}
    for part in SIMULATED.read({}, options):
        parts.setdefault(part.table, []).append(part.rows)
    found = {name: pa.concat_tables(rows) for name, rows in parts.items()}
    talks = found["interactions"]
    tones = pa.array(np.round(np.random.default_rng(0).uniform(-1, 1, len(talks)), 2))
    found["interactions"] = talks.set_column(talks.column_names.index("sentiment"), "sentiment", tones)
    day = AS_OF - timedelta(days=3)
    for name, values in {
        "customers": {"joined_at": day},
        "contracts": {"contract_id": "K9", "plan": "basic", "price": 9.0, "starts_at": day},
    }.items():
        row = dict.fromkeys(found[name].column_names)
        row |= {"customer_id": EMPTY, "event_at": day, "known_at": day, **values}
        found[name] = pa.concat_tables([found[name], pa.Table.from_pylist([row], schema=found[name].schema)])
    return found


def replaced(rows: pa.Table, **columns: Any) -> pa.Table:
    """The rows with other values in some columns: one for all, or one for each."""
    for name, values in columns.items():
        kind = rows[name].type
        told = values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array([values] * len(rows), kind)
        rows = rows.set_column(rows.column_names.index(name), name, told)
    return rows


def known_before(tables: Tables, moment: datetime) -> Tables:
    """The rows that were known before a moment."""
    return {name: rows.filter(pc.less(rows["known_at"], pa.scalar(moment))) for name, rows in tables.items()}


def shuffled(tables: Tables, seed: int) -> Tables:
    """The rows in another order."""
    rng = np.random.default_rng(seed)
    return {name: rows.take(pa.array(rng.permutation(len(rows)))) for name, rows in tables.items()}


def of_customers(tables: Tables, some: list[str]) -> Tables:
    """The rows of some customers."""
    return {name: rows.filter(pc.is_in(rows["customer_id"], pa.array(some))) for name, rows in tables.items()}


def free_key(name: str) -> str | None:
    """The column of a table's key, beside customer and moment, that a new row needs a value of."""
    return next((one for one in CANONICAL[name].key if one not in ("customer_id", "event_at")), None)
