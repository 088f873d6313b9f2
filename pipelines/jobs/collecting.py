"""The raw file of received events: written anew from the operations database, as a new version of the raw data."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import sqlalchemy as sa

from experiments.spec import ExperimentSpec
from features.errors import MissingError, UsageError
from features.event_log.options import EventLogOptions
from features.event_log.received import FILE
from pipelines.jobs import add_data
from pipelines.messages import log
from pipelines.outreach.operations import database, erased_people, received_events
from pipelines.outreach.operations.received_events import Received
from pipelines.raw_data.raw_versions import history
from pipelines.specs.options import source_of
from pipelines.workspace import Workspace

SCHEMA = pa.schema(
    [
        ("number", pa.int64()),
        *((name, pa.string()) for name in ("table", "key")),
        ("known_at", pa.timestamp("us")),
        *((name, pa.string()) for name in ("row", "raw")),
    ]
)


@dataclass(frozen=True)
class Collected:
    """How many events the file has, and how many it had before.

    lacking are those of the file that the database does not have: then the file stays as it is.
    """

    events: int
    before: int
    lacking: int = 0


def refresh(spec: ExperimentSpec, workspace: Workspace) -> None:
    """As `collect`, where the spec takes received rows and there are data to add them to."""
    if _takes(spec) and workspace.raw.is_dir():
        collect(spec, workspace)


def collect(spec: ExperimentSpec, workspace: Workspace) -> Collected:
    """Bring the file up to date, as a new version of the raw data; nothing is touched where nothing is new.

    Where the database lacks events that the file has, as in another checkout, the file stays: what was learned from is
    not forgotten. Raises UsageError for a spec that takes no received rows, MissingError before any data were added.
    """
    if not _takes(spec):
        raise UsageError(
            f"spec '{spec.name}' takes no received rows; write `received: true` under `source` (kind event_log has it)."
        )
    if not workspace.raw.is_dir():
        raise MissingError(
            f"spec '{spec.name}' has no raw data yet; add its files first: python -m pipelines data {spec.name} PATH..."
        )
    there = workspace.raw / FILE
    before = pq.read_table(there) if there.is_file() else SCHEMA.empty_table()
    if not database.exists(workspace.root):
        return Collected(len(before), len(before))
    engine = database.opened(workspace.root)
    if received_events.counted(engine, spec.name) == (len(before), pc.max(before["number"]).as_py() or 0):
        return Collected(len(before), len(before))
    rows = _every(engine, spec.name)
    if lacking := _lacking(before, rows, engine):
        told = f"{FILE} holds {lacking:,} events that the operations database lacks; it stays as it is"
        log.warn("data", spec.name, [told])
        return Collected(len(before), len(before), lacking)
    if len(rows) and not rows.equals(before):
        add_data.add_own(spec, workspace, FILE, rows)
    return Collected(len(rows), len(before))


def table_of(events: Sequence[Received]) -> pa.Table:
    """Events as rows of the raw file: the same events give the same bytes."""
    plain = received_events.plain
    columns = [
        [one.number for one in events],
        [one.event.table for one in events],
        [one.event.key for one in events],
        [one.known_at for one in events],
        [plain(one.event.row) for one in events],
        [None if one.event.raw is None else plain(one.event.raw) for one in events],
    ]
    return pa.table(columns, schema=SCHEMA)


def _every(engine: sa.Engine, spec: str) -> pa.Table:
    """All events of a spec as rows of the raw file; as Python objects, which are large, only a portion at a time."""
    parts = (table_of(some) for some in received_events.portions(engine, spec))
    return pa.concat_tables([SCHEMA.empty_table(), *parts]).combine_chunks()


def version_of(workspace: Workspace) -> int:
    """The number of the version of the raw data that is here."""
    return len(history(workspace.raw))


def _takes(spec: ExperimentSpec) -> bool:
    _, options = source_of(spec)
    return isinstance(options, EventLogOptions) and bool(options.received)


def _lacking(before: pa.Table, rows: pa.Table, engine: sa.Engine) -> int:
    """How many events of a file are not among those of the database, but for those of people who were erased there."""
    names = ["number", "key", "known_at"]
    lost = before.join(rows.select(names), names, join_type="left anti")
    customers = [received_events.customer_of(row) for row in lost["row"].to_pylist()]
    gone = erased_people.read(engine).among(customers)
    return sum(one not in gone for one in customers)
