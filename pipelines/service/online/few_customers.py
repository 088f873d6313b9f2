"""The features of few customers at any moment, from the tables of the batch and the rows received since."""

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb
import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa

from experiments.sections.observations import ObservationSpec
from features import labelling
from features.feature import Feature
from features.hindsight import Hindsight
from features.history import STATE_TABLES, History
from features.label import Label, LabelOptions, LabelWindow
from features.matrix import snapshot, spread
from features.tables import PLACE
from pipelines.matrix.duckdb_engine import compiling, getvariable
from pipelines.matrix.matrices import beside
from pipelines.outreach import spoken
from pipelines.service.online.sorted_tables import SortedTables

OBSERVED = "observed"
# How many statements run at once, each by a thread and a connection of its own.
AT_ONCE = 2
MEMORY = "1GB"


@dataclass(frozen=True)
class _Query:
    """A statement for tables in which some row corrects another, and a shorter one for tables where none does."""

    reads: frozenset[str]
    corrected: str
    plain: str

    def text(self, corrected: Collection[str]) -> str:
        """The statement, where these tables have corrections."""
        return self.plain if self.reads.isdisjoint(corrected) else self.corrected


class FewCustomers:
    """Computes what the batch would compute of some customers, had it been made at another moment.

    Not thread-safe: one pass at a time.
    """

    def __init__(
        self,
        batch: SortedTables,
        features: Mapping[str, Feature],
        *,
        label: Label,
        options: LabelOptions,
        window: Callable[[datetime], LabelWindow],
        asked: ObservationSpec,
    ) -> None:
        self.batch, self.features = batch, dict(features)
        self._database = ibis.duckdb.connect(threads=1, memory_limit=MEMORY)
        compiling(self._database)
        where = str(batch.path).replace("'", "''")
        self._database.raw_sql(f"ATTACH '{where}' AS batch (READ_ONLY)")
        for name in batch.declared:
            self._database.raw_sql(f"CREATE TABLE {name} AS FROM batch.{name} LIMIT 0")
        self._database.raw_sql(f"CREATE TABLE {OBSERVED} (customer_id VARCHAR, {PLACE} BIGINT)")
        self._cursors = [self._database.con.cursor() for _ in range(AT_ONCE)]
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="features")
        tables = {name: self._database.table(name) for name in batch.declared}
        known = Hindsight(tables, batch.declared), Hindsight(tables, batch.declared, dict.fromkeys(tables))
        self._histories = [
            History(one, as_of=getvariable("as_of"), look_back_days=asked.look_back_days) for one in known
        ]
        observed = self._database.table(OBSERVED)
        pairs = zip(*(list(snapshot(one, features.values(), observed)) for one in self._histories), strict=True)
        self._queries = [self._query(*pair) for pair in pairs]
        self._label, self._options, self._window = label, options, window
        # A label may ask its window whom it observes, as one of contracts that are due does.
        first, other = self._whom(batch.until), self._whom(batch.until + timedelta(days=1))
        self._always = first if first == other else None

    def close(self) -> None:
        """Close the database."""
        self._threads.shutdown()
        for cursor in self._cursors:
            cursor.close()
        self._database.disconnect()

    def joined(self, customers: Sequence[str]) -> dict[str, datetime | None]:
        """When each of those whom the batch knows joined, by the version known last."""
        asked = "SELECT customer_id, arg_max(joined_at, known_at) FROM batch.customers WHERE"
        return dict(self._few(asked, customers, " GROUP BY customer_id").fetchall())

    def rows(self, customers: Sequence[str], received: Mapping[str, pa.Table], *, as_of: datetime) -> pa.Table:
        """The customers who are active just before a moment, in the order of their names, with all features.

        received holds, by table, rows in its declared columns that are not in the batch. A customer who is not
        observed, such as one who has left, has no row.
        """
        self._fill(customers, received)
        corrected = self._without_replaced(self._corrected(), as_of)
        for cursor in self._cursors:
            cursor.execute("SET VARIABLE as_of = ?", [as_of])
        whom, first = self._always or self._whom(as_of), self._cursors[0]
        first.execute(f"DELETE FROM {OBSERVED}")  # noqa: S608 - our own words
        first.execute(
            f"INSERT INTO {OBSERVED} SELECT customer_id, row_number() OVER (ORDER BY customer_id) - 1"  # noqa: S608
            f" FROM ({whom.text(corrected)})"
        )
        named = first.execute(f"SELECT customer_id FROM {OBSERVED} ORDER BY {PLACE}").fetchall()  # noqa: S608
        who = pa.table({"customer_id": pa.array([row[0] for row in named], pa.string())})
        if not who.num_rows:
            return pa.table(
                {
                    "customer_id": who["customer_id"],
                    **{name: pa.nulls(0, _type(one)) for name, one in self.features.items()},
                }
            )
        found = self._computed([query.text(corrected) for query in self._queries])
        return beside([who, *(spread(part, who.num_rows, self.features) for part in found)])

    def texts(self) -> pd.DataFrame | None:
        """What the customers of the last `rows` wrote, with `spoken.COLUMNS`; None where there is no such table."""
        if spoken.TABLE not in self.batch.declared:
            return None
        found = self._cursors[0].execute(f"SELECT {', '.join(spoken.COLUMNS)} FROM {spoken.TABLE}")  # noqa: S608
        return pd.DataFrame(found.fetchall(), columns=spoken.COLUMNS).astype({"known_at": "datetime64[us]"})

    def timeline(self, customer: str, received: Mapping[str, pa.Table], *, limit: int) -> list[dict[str, Any]]:
        """The newest rows of a customer, the latest known first: table and columns, those that are missing left out."""
        self._fill([customer], received)
        found: list[dict[str, Any]] = []
        for name in self.batch.declared:
            rows = self._cursors[0].sql(f"FROM {name} ORDER BY known_at DESC LIMIT {limit}").to_arrow_table()
            found += [
                {"table": name, **{key: one for key, one in row.items() if one is not None}} for row in rows.to_pylist()
            ]
        return sorted(found, key=lambda row: (row["known_at"], row["table"]), reverse=True)[:limit]

    def _whom(self, moment: datetime) -> _Query:
        """Whom the label observes."""
        window = self._window(moment)
        return self._query(*(labelling.observed(self._label, one, window, self._options) for one in self._histories))

    def _query(self, corrected: ir.Table, plain: ir.Table) -> _Query:
        reads = frozenset(table.name for table in corrected.op().find(ops.DatabaseTable)) - {OBSERVED}
        return _Query(reads, self._database.compile(corrected), self._database.compile(plain))

    def _fill(self, customers: Sequence[str], received: Mapping[str, pa.Table]) -> None:
        """Put the rows of these customers into the tables, and nothing else."""
        cursor = self._cursors[0]
        for name, table in self.batch.declared.items():
            cursor.execute(f"DELETE FROM {name}")  # noqa: S608 - names that we declare
            self._few(f"INSERT INTO {name} FROM batch.{name} WHERE", customers)
            if (rows := received.get(name)) is not None and rows.num_rows:
                chosen = rows.select([one.name for one in table.columns])
                cursor.register("received_rows", chosen)
                cursor.execute(f"INSERT INTO {name} FROM received_rows")
                cursor.unregister("received_rows")

    def _few(self, query: str, customers: Sequence[str], end: str = "") -> duckdb.DuckDBPyConnection:
        places = ", ".join("?" * len(customers))
        return self._cursors[0].execute(f"{query} customer_id IN ({places}){end}", list(customers))

    def _corrected(self) -> set[str]:
        """The tables in which several rows have one key."""
        asked = [
            f"SELECT '{name}' WHERE (SELECT count(*) <> count(DISTINCT ({', '.join(table.key)})) FROM {name})"  # noqa: S608
            for name, table in self.batch.declared.items()
            if table.is_dated
        ]
        return {row[0] for row in self._cursors[0].execute(" UNION ALL ".join(asked)).fetchall()}

    def _without_replaced(self, corrected: set[str], as_of: datetime) -> set[str]:
        """Take out of tables of events what a row known by a moment replaces; gives the tables that still have several.

        What was corrected before the moment is seen no more, so the shorter statements give the same without it. Of
        customers and contracts features see all versions.
        """
        for name in corrected.difference(STATE_TABLES):
            key = ", ".join(self.batch.declared[name].key)
            newest = f"SELECT {key}, max(known_at) AS newest FROM {name} WHERE known_at < ? GROUP BY {key}"  # noqa: S608
            same = " AND ".join(f"{name}.{one} = kept.{one}" for one in self.batch.declared[name].key)
            delete = f"DELETE FROM {name} USING ({newest}) AS kept WHERE {same} AND {name}.known_at <> kept.newest"  # noqa: S608
            self._cursors[0].execute(delete, [as_of])
        return corrected.intersection(STATE_TABLES)

    def _computed(self, queries: Sequence[str]) -> list[pa.Table]:
        """The results of the queries, in order; as many run at a time as there are connections."""

        def done(start: int) -> list[pa.Table]:
            return [self._result(self._cursors[start].execute(query)) for query in queries[start::AT_ONCE]]

        found: list[pa.Table] = [None] * len(queries)
        for start, some in enumerate(self._threads.map(done, range(AT_ONCE))):
            found[start::AT_ONCE] = some
        return found

    def _result(self, cursor: duckdb.DuckDBPyConnection) -> pa.Table:
        """The rows that a cursor has, few as they are, without binding the query a second time as Arrow's way does."""
        names, rows = [one[0] for one in cursor.description], cursor.fetchall()
        columns = zip(*rows, strict=True) if rows else [()] * len(names)
        types = {PLACE: pa.int64(), **{name: _type(one) for name, one in self.features.items()}}
        return pa.table({name: pa.array(some, types[name]) for name, some in zip(names, columns, strict=True)})


def _type(feature: Feature) -> pa.DataType:
    return pa.string() if feature.column.type == "category" else pa.float64()
