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
from features.history import History
from features.label import Label, LabelOptions, LabelWindow
from features.matrix import snapshot, spread
from features.tables import PLACE
from pipelines.jobs.service.online.changing import Changing
from pipelines.jobs.service.online.compiler import PlannedOnceCompiler
from pipelines.jobs.service.online.few_tables import FewTables
from pipelines.jobs.service.online.sorted_tables import SortedTables
from pipelines.jobs.service.online.statements import Statements, together
from pipelines.matrix.duckdb_engine import getvariable
from pipelines.matrix.matrices import beside

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
        self._label, self._options, self._window = label, options, window
        self._database = ibis.duckdb.connect(threads=1, memory_limit=MEMORY)
        self._database.compiler = PlannedOnceCompiler()
        self._cursors = [self._database.con, *(self._database.con.cursor() for _ in range(AT_ONCE - 1))]
        self._said = [Statements(one) for one in self._cursors]
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="features")
        self._tables = FewTables(batch, self._cursors)
        self._placed = Changing(_places([]))
        for one in self._cursors:
            self._placed.show(one, OBSERVED)
        tables = {name: self._database.table(name) for name in batch.declared}
        known = Hindsight(tables, batch.declared), Hindsight(tables, batch.declared, dict.fromkeys(tables))
        days = asked.look_back_days
        self._histories = [History(one, as_of=getvariable("as_of"), look_back_days=days) for one in known]
        self._prepare(batch.until)

    def close(self) -> None:
        """Close the database."""
        self._threads.shutdown()
        self._tables.close()
        for cursor in self._cursors[1:]:
            cursor.close()
        self._database.disconnect()

    def joined(self, customers: Sequence[str]) -> dict[str, datetime | None]:
        """When each of those whom the batch knows joined, by the version known last."""
        return self._tables.joined(customers)

    def rows(self, customers: Sequence[str], received: Mapping[str, pa.Table], *, as_of: datetime) -> pa.Table:
        """The customers who are active just before a moment, in the order of their names, with all features.

        received holds, by table, rows in its declared columns that are not in the batch. A customer who is not
        observed, such as one who has left, has no row.
        """
        self._tables.fill(customers, received)
        corrected = self._tables.settled(as_of)
        who = self._observed(corrected, as_of)
        if not who:
            nobody = {name: pa.nulls(0, _type(one)) for name, one in self.features.items()}
            return pa.table({"customer_id": pa.array([], pa.string()), **nobody})
        parts = (spread(part, len(who), self.features) for part in self._computed(corrected, as_of))
        return beside([pa.table({"customer_id": pa.array(who, pa.string())}), *parts])

    def texts(self, since: datetime) -> pd.DataFrame | None:
        """What those of the last `rows` wrote since a moment, as `spoken.COLUMNS`; None without that table."""
        return self._tables.texts(since)

    def timeline(self, customer: str, *, limit: int) -> list[dict[str, Any]]:
        """The newest rows of one of the customers of the last `rows`, the latest known first.

        Each has its table and columns, those that are missing left out; what was corrected is not among them.
        """
        return self._tables.newest(customer, limit=limit)

    def _prepare(self, until: datetime) -> None:
        observed = self._database.table(OBSERVED)
        pairs = zip(*(list(snapshot(one, self.features.values(), observed)) for one in self._histories), strict=True)
        self._queries = [self._query(*pair) for pair in pairs]
        for place, query in enumerate(self._queries):
            said = self._said[place % AT_ONCE]
            said.prepare(f"plain_{place}", query.plain)
            said.prepare(f"corrected_{place}", query.corrected)
        # A label may ask its window whom it observes, as one of contracts that are due does.
        whom, other = self._whom(until), self._whom(until + timedelta(days=1))
        self._always = whom if whom == other else None
        first = self._said[0]
        if self._always:
            first.prepare("whom_plain", self._always.plain)
            first.prepare("whom_corrected", self._always.corrected)

    def _whom(self, moment: datetime) -> _Query:
        """The statement of whom the label observes."""
        window = self._window(moment)
        found = self._query(*(labelling.observed(self._label, one, window, self._options) for one in self._histories))
        return _Query(found.reads, *(f"SELECT customer_id FROM ({one})" for one in (found.corrected, found.plain)))  # noqa: S608

    def _query(self, corrected: ir.Table, plain: ir.Table) -> _Query:
        reads = frozenset(table.name for table in corrected.op().find(ops.DatabaseTable)) - {OBSERVED}
        return _Query(reads, *(self._database.compile(one) for one in (corrected, plain)))

    def _observed(self, corrected: Collection[str], as_of: datetime) -> list[str]:
        """Put the observed customers into their table; gives them in order."""
        first, whom = self._said[0], self._always
        if whom is None:
            whom = self._whom(as_of)
            first.prepare("whom_plain", whom.plain)
            first.prepare("whom_corrected", whom.corrected)
        found = sorted(row[0] for row in first.execute(f"whom_{_kind(whom, corrected)}", as_of).fetchall())
        self._placed.rows = _places(found)
        return found

    def _computed(self, corrected: Collection[str], as_of: datetime) -> list[pa.Table]:
        """The results of the statements, in order; as many run at a time as there are connections."""
        names = [f"{_kind(query, corrected)}_{place}" for place, query in enumerate(self._queries)]

        def done(start: int) -> list[pa.Table]:
            return [self._result(self._said[start].execute(name, as_of)) for name in names[start::AT_ONCE]]

        found: list[pa.Table] = [None] * len(names)
        for start, some in enumerate(together(self._threads, done, AT_ONCE)):
            found[start::AT_ONCE] = some
        return found

    def _result(self, cursor: duckdb.DuckDBPyConnection) -> pa.Table:
        """The rows that a cursor has, few as they are, without binding the query a second time as Arrow's way does."""
        names, rows = [one[0] for one in cursor.description], cursor.fetchall()
        columns = zip(*rows, strict=True) if rows else [()] * len(names)
        types = {PLACE: pa.int64(), **{name: _type(one) for name, one in self.features.items()}}
        return pa.table({name: pa.array(some, types[name]) for name, some in zip(names, columns, strict=True)})


def _places(customers: Sequence[str]) -> pa.Table:
    """Customers with their places, in order."""
    return pa.table(
        {"customer_id": pa.array(customers, pa.string()), PLACE: pa.array(range(len(customers)), pa.int64())}
    )


def _kind(query: _Query, corrected: Collection[str]) -> str:
    """Which of the two statements is right, where these tables have corrections."""
    return "plain" if query.reads.isdisjoint(corrected) else "corrected"


def _type(feature: Feature) -> pa.DataType:
    return pa.string() if feature.column.type == "category" else pa.float64()
