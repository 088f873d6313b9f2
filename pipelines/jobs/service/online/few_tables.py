"""The rows of few customers, out of the tables of a batch and of what was received since, as tables of their own."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from features.history import STATE_TABLES
from pipelines.jobs.service.online.sorted_tables import SortedTables
from pipelines.jobs.service.online.statements import Statements, literal, together
from pipelines.outreach import spoken

RECEIVED = "received_rows"


class FewTables:
    """Tables of the batch's names, in memory, which hold the rows of the customers that they were filled with last.

    cursors are connections to one database, and threads does something for each of them at once. Not thread-safe.
    """

    def __init__(
        self, batch: SortedTables, cursors: Sequence[duckdb.DuckDBPyConnection], threads: ThreadPoolExecutor
    ) -> None:
        self._batch, self._cursors, self._threads = batch, cursors, threads
        cursor = self._cursor = cursors[0]
        self._said = Statements(cursor)
        cursor.execute(f"ATTACH {literal(str(batch.path))} AS batch (READ_ONLY)")
        asked = []
        for name, table in batch.declared.items():
            cursor.execute(f"CREATE TABLE {name} AS FROM batch.{name} LIMIT 0")
            key = ", ".join(table.key)
            asked.append(f"SELECT '{name}' WHERE (SELECT count(*) <> count(DISTINCT ({key})) FROM {name})")  # noqa: S608
            newest = f"SELECT {key}, max(known_at) AS newest FROM {name} WHERE known_at < $1 GROUP BY {key}"  # noqa: S608
            same = " AND ".join(f"{name}.{one} = kept.{one}" for one in table.key)
            replaced = f"DELETE FROM {name} USING ({newest}) AS kept WHERE {same} AND {name}.known_at <> kept.newest"  # noqa: S608
            self._said.prepare(f"replaced_{name}", replaced)
        self._said.prepare("several", " UNION ALL ".join(asked))

    def joined(self, customers: Sequence[str]) -> dict[str, datetime | None]:
        """When each of those whom the batch knows joined, by the version known last."""
        asked = f"SELECT customer_id, arg_max(joined_at, known_at) FROM batch.customers WHERE {_of(customers)}"  # noqa: S608
        return dict(self._cursor.execute(f"{asked} GROUP BY customer_id").fetchall())

    def fill(self, customers: Sequence[str], received: Mapping[str, pa.Table]) -> None:
        """Put the rows of these customers into the tables, and nothing else.

        received holds, by table, rows in its declared columns that are not in the batch.
        """
        whom, tables = _of(customers), list(self._batch.declared)

        def put(start: int) -> None:
            for name in tables[start :: len(self._cursors)]:
                self._cursors[start].execute(f"DELETE FROM {name}")  # noqa: S608 - names that we declare
                self._cursors[start].execute(f"INSERT INTO {name} FROM batch.{name} WHERE {whom}")

        together(self._threads, put, len(self._cursors))
        for name, rows in received.items():
            if rows.num_rows:
                self._cursor.register(RECEIVED, rows.select(self._batch.declared[name].names))
                self._cursor.execute(f"INSERT INTO {name} FROM {RECEIVED}")
                self._cursor.unregister(RECEIVED)

    def settled(self, as_of: datetime) -> set[str]:
        """Take out of tables of events what a row known before a moment replaces; which tables have corrections still.

        What was corrected before the moment is seen no more, so features are the same without it. Of customers and
        contracts features see all versions.
        """
        several = {row[0] for row in self._said.execute("several").fetchall()}
        for name in several.difference(STATE_TABLES):
            self._said.execute(f"replaced_{name}", as_of)
        return several.intersection(STATE_TABLES)

    def texts(self, since: datetime) -> pd.DataFrame | None:
        """What the customers wrote that became known since a moment, as `spoken.COLUMNS`; None without such a table."""
        if spoken.TABLE not in self._batch.declared:
            return None
        asked = f"SELECT {', '.join(spoken.COLUMNS)} FROM {spoken.TABLE} WHERE known_at >= {literal(since)}"  # noqa: S608
        found = self._cursor.execute(asked)
        return pd.DataFrame(found.fetchall(), columns=spoken.COLUMNS).astype({"known_at": "datetime64[us]"})

    def newest(self, customer: str, *, limit: int) -> list[dict[str, Any]]:
        """A customer's newest rows, the latest known first: table and columns, those that are missing left out."""
        found: list[dict[str, Any]] = []
        for name, table in self._batch.declared.items():
            asked = f"SELECT {', '.join(table.names)} FROM {name} WHERE {_of([customer])}"  # noqa: S608
            rows = self._cursor.execute(f"{asked} ORDER BY known_at DESC LIMIT {limit}").fetchall()
            plain = (dict(zip(table.names, row, strict=True)) for row in rows)
            found += [{"table": name, **{key: one for key, one in row.items() if one is not None}} for row in plain]
        return sorted(found, key=lambda row: (row["known_at"], row["table"]), reverse=True)[:limit]


def _of(customers: Sequence[str]) -> str:
    """The condition on customers, in words that tell DuckDB which parts of a sorted table it need not read."""
    return f"customer_id IN ({', '.join(map(literal, customers))})"
