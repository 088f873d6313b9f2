"""Rows of an event log that correct earlier rows: matched by a key of the spec, and refused where it gives none."""

from collections.abc import Sequence

import duckdb

from features.errors import DataError
from features.event_log.daily import SUPERSEDED_AT
from features.event_log.judging import EXAMPLES, TAKEN, Judged
from features.event_log.options import MappingOptions, event_key

# What tells events of one customer and moment apart, where nothing names them.
_WHAT = {
    "usage": ("kind", "session"),
    "transactions": ("kind",),
    "interactions": ("channel",),
    "surveys": ("touchpoint",),
    "treatments": ("campaign",),
}


def refuse_unnamed(
    database: duckdb.DuckDBPyConnection, table: str, judged: Sequence[tuple[Judged, MappingOptions]]
) -> None:
    """Raise DataError when rows without a key look like corrections of others: each would be counted.

    They do when they are of the same customer, moment and kind as another row and were known at another time.
    """
    key = event_key(table)
    unnamed = [(one, mapping) for one, mapping in judged if key is not None and key not in mapping.columns]
    if key is None or not any("known_at" in mapping.columns for _, mapping in unnamed):
        return
    every = " UNION ALL BY NAME ".join(f"SELECT * FROM {one.name} WHERE {TAKEN}" for one, _ in unnamed)  # noqa: S608
    alike = ", ".join(("customer_id", "event_at", *_WHAT[table]))
    query = f"SELECT {alike}, count(*) AS rows, min(known_at), max(known_at) FROM ({every})"  # noqa: S608
    found = f"{query} GROUP BY {alike} HAVING min(known_at) < max(known_at) ORDER BY ALL"
    if not (pairs := database.execute(found).fetchall()):
        return
    customer, event_at, *_, first, last = pairs[0]
    columns, where = unnamed[0][1].columns, unnamed[0][0].where
    apart = ", ".join(columns.get(one, "''") for one in ("customer_id", "event_at", "known_at"))
    rows = sum(int(pair[-3]) for pair in pairs)
    raise DataError(
        f"{where}: {rows:,} rows are of the same customer, moment and {' and '.join(_WHAT[table])} as another and were"
        f" known at another time, such as those of '{customer}' at {event_at}, known at {first} and {last}. If the"
        f" later ones correct the earlier ones, say which column names an event, as in `{key}: id_column` under"
        f" columns; if all are events of their own, say `{key}: concat_ws(' ', {apart})`."
    )


def mark_replaced(database: duckdb.DuckDBPyConnection, events: str, *, where: str, has_versions: bool) -> None:
    """Add SUPERSEDED_AT to a table of single usage events: when a later version of the same usage_id was known.

    has_versions says whether rows may correct others: whether a mapping says when they became known.
    Raises DataError when two rows of one usage_id cannot be put in order, or are two customers'.
    """
    named, known_at = f"FROM {events} WHERE usage_id IS NOT NULL GROUP BY usage_id", ""
    words = "usage_id must be unique"
    if has_versions:
        words, known_at = "usage_id and known_at must be unique together", ", known_at"
    _refuse(
        database,
        f"SELECT usage_id {named}{known_at} HAVING count(*) > 1 ORDER BY ALL",
        f"{where}: {words}: a row that corrects another needs its own known_at in the spec, an equal one"
        " `duplicates: drop`",
    )
    _refuse(
        database,
        f"SELECT usage_id {named} HAVING min(customer_id) <> max(customer_id) ORDER BY ALL",
        f"{where}: customer_id must be the same in all rows of one usage_id",
    )
    later = "lead(known_at) OVER (PARTITION BY usage_id ORDER BY known_at)"
    chosen = f"*, CASE WHEN usage_id IS NOT NULL THEN {later} END AS {SUPERSEDED_AT}"
    database.execute(f"CREATE OR REPLACE TEMP TABLE {events} AS SELECT {chosen} FROM {events}")  # noqa: S608


def _refuse(database: duckdb.DuckDBPyConnection, query: str, words: str) -> None:
    if found := database.execute(query).fetchall():
        such = ", ".join(repr(key) for (key, *_) in found[:EXAMPLES])
        raise DataError(f"{words}: {len(found):,} keys, such as {such}.")
