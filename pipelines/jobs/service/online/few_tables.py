"""The rows of few customers, out of the tables of a batch and of what was received since, as tables of their own."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.history import STATE_TABLES
from features.schema import Table
from pipelines.jobs.service.online.changing import Changing
from pipelines.jobs.service.online.sorted_tables import CUSTOMER, SortedTable, SortedTables
from pipelines.jobs.service.online.statements import literal
from pipelines.outreach import spoken


class FewTables:
    """Tables of the batch's names, in memory, which hold the rows of the customers that they were filled with last.

    cursors are connections that see the tables. Not thread-safe.
    """

    def __init__(self, batch: SortedTables, cursors: Sequence[duckdb.DuckDBPyConnection]) -> None:
        self._batch, self._cursor = batch, cursors[0]
        self._sorted = {name: SortedTable(batch.path, name) for name in batch.declared}
        self._rows = {name: Changing(one.of([])) for name, one in self._sorted.items()}
        for name, rows in self._rows.items():
            for one in cursors:
                rows.show(one, name)

    def close(self) -> None:
        """Close the files of the batch."""
        for one in self._sorted.values():
            one.close()

    def joined(self, customers: Sequence[str]) -> dict[str, datetime | None]:
        """When each of those whom the batch knows joined, by the version known last."""
        found = self._sorted["customers"].of(customers).sort_by("known_at")
        return dict(zip(found[CUSTOMER].to_pylist(), found["joined_at"].to_pylist(), strict=True))

    def fill(self, customers: Sequence[str], received: Mapping[str, pa.Table]) -> None:
        """Put the rows of these customers into the tables, and nothing else.

        received holds, by table, rows in its declared columns that are not in the batch.
        """
        for name, one in self._sorted.items():
            found = one.of(customers)
            new = [received[name].select(found.column_names).cast(found.schema)] if name in received else []
            self._rows[name].rows = pa.concat_tables([found, *new])

    def settled(self, as_of: datetime) -> set[str]:
        """Take out of tables of events what a row known before a moment replaces; which tables have corrections still.

        What was corrected before the moment is seen no more, so features are the same without it. Of customers and
        contracts features see all versions.
        """
        several = {
            name for name, table in self._batch.declared.items() if _has_corrections(self._rows[name].rows, table)
        }
        for name in several.difference(STATE_TABLES):
            same = ", ".join(_key(self._batch.declared[name]))
            newest = f"max(known_at) FILTER (known_at < {literal(as_of)}) OVER (PARTITION BY {same})"
            kept = f"SELECT * FROM {name} QUALIFY known_at = coalesce({newest}, known_at)"  # noqa: S608
            self._rows[name].rows = self._cursor.sql(kept).to_arrow_table()
        return several.intersection(STATE_TABLES)

    def texts(self, since: datetime) -> pd.DataFrame | None:
        """What the customers wrote that became known since a moment, as `spoken.COLUMNS`; None without such a table."""
        if spoken.TABLE not in self._batch.declared:
            return None
        rows = self._rows[spoken.TABLE].rows.select(spoken.COLUMNS)
        found: pd.DataFrame = rows.filter(pc.greater_equal(rows["known_at"], since)).to_pandas()
        return found

    def newest(self, customer: str, *, limit: int) -> list[dict[str, Any]]:
        """A customer's newest rows, the latest known first: table and columns, those that are missing left out."""
        found: list[dict[str, Any]] = []
        for name, one in self._rows.items():
            rows = one.rows.filter(pc.equal(one.rows[CUSTOMER], customer)).sort_by([("known_at", "descending")])
            plain = rows.slice(0, limit).to_pylist()
            found += [{"table": name, **{key: cell for key, cell in row.items() if cell is not None}} for row in plain]
        return sorted(found, key=lambda row: (row["known_at"], row["table"]), reverse=True)[:limit]


def _has_corrections(rows: pa.Table, table: Table) -> bool:
    """Whether several rows of a customer have one key."""
    return bool(rows.num_rows > rows.group_by(_key(table), use_threads=False).aggregate([]).num_rows)


def _key(table: Table) -> list[str]:
    """The key, and the customer: what is said of one does not depend on who else is looked at."""
    return list(dict.fromkeys((CUSTOMER, *table.key)))
