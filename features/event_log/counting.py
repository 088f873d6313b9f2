"""Row counts of an event log from file to table, which must add up, and the raw rows that could not be mapped."""

from collections import Counter
from collections.abc import Sequence

import duckdb

from features.errors import DataError
from features.event_log.expressions import literal, quoted
from features.event_log.judging import EXAMPLES, FILE, NO_IDENTITY, REASON, UNMAPPED, Judged
from features.source import Reconciled, Unmapped


def reconciled(
    database: duckdb.DuckDBPyConnection,
    table: str,
    judged: Sequence[Judged],
    *,
    kept: int,
    limit: float,
    emptied: int = 0,
) -> Reconciled:
    """The row counts of a table's mappings, of which `kept` rows reached the table.

    emptied of these say only that something was taken back: no row that was read became one of them.

    Raises DataError when that is not all of the rows that the files have.
    """
    read: Counter[str] = Counter()
    dropped: Counter[str] = Counter()
    unmapped: Counter[str] = Counter()
    duplicates = mapped = 0
    for one in judged:
        read.update(dict(zip(one.files, one.read, strict=True)))
        query = f"SELECT is_duplicate, dropped, problem, count(*) FROM {one.name} GROUP BY ALL ORDER BY ALL"  # noqa: S608
        for is_duplicate, filter_, problem, rows in database.execute(query).fetchall():
            if is_duplicate:
                duplicates += rows
            elif filter_ is not None:
                dropped[filter_] += rows
            elif problem is not None:
                unmapped[problem] += rows
            else:
                mapped += rows
    counts = Reconciled(
        table,
        read=dict(read),
        duplicates=duplicates,
        dropped=dict(dropped),
        unmapped=dict(unmapped),
        # Days of use alone are made of several rows; elsewhere a row that is missing was lost.
        rolled_up=mapped + emptied - kept if table == "usage" else 0,
        kept=kept,
        emptied=emptied,
        limit=limit,
    )
    if not counts.adds_up:
        raise DataError(
            f"source.tables.{table}: the files have {counts.read_rows:,} rows and {counts.told_rows:,} are accounted"
            " for; did a file change while it was read? Ingest again, and if it stays so, tell us: it is a bug."
        )
    return counts


def unmapped(database: duckdb.DuckDBPyConnection, table: str, judged: Sequence[Judged]) -> Unmapped:
    """The raw rows that could not be mapped, of all mappings of a table."""
    queries = [_unmapped(one) for one in judged]
    everything = " UNION ALL BY NAME ".join(queries)
    return Unmapped(table, database.sql(f"{everything} ORDER BY ALL").to_arrow_reader(100_000))


def _unmapped(judged: Judged) -> str:
    names = ", ".join(literal(name) for name in judged.files)
    columns = [f"raw[{number}] AS {quoted(name)}" for number, name in enumerate(judged.columns, start=1)]
    named = [f"[{names}][file + 1] AS {quoted(FILE)}", f"problem AS {quoted(REASON)}", *columns]
    return f"SELECT {', '.join(named)} FROM {judged.name} WHERE {UNMAPPED}"  # noqa: S608 - quoted names


def refuse_strangers(database: duckdb.DuckDBPyConnection, judged: Judged) -> None:
    """Raise DataError when rows to be kept have a key that no identity has."""
    query = f"FROM {judged.name} WHERE NOT is_duplicate AND dropped IS NULL AND problem = '{NO_IDENTITY}'"
    keys = f"SELECT customer_id, count(*) {query} GROUP BY ALL ORDER BY ALL"
    found = database.execute(keys).fetchall()
    if found:
        such = ", ".join(repr(key) for key, _ in found[:EXAMPLES])
        rows = sum(count for _, count in found)
        raise DataError(
            f"{judged.where}.columns.customer_id: {len(found):,} keys of {rows:,} rows belong to no customer,"
            f" such as {such}; add them to the file of source.identities."
        )
