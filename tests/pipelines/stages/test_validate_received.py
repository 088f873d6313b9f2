"""The checks of the batch refuse nothing that was let through on arrival, whatever was sent."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.errors import DataError
from features.event_log import arrivals
from features.event_log.received import FILE
from features.schema import Column, Table
from features.tables import CANONICAL
from pipelines.files import storage
from pipelines.jobs import collecting
from pipelines.outreach.operations.received_events import Event, Received
from pipelines.outreach.received_rows import checked
from pipelines.specs.options import source_of
from pipelines.stages import ingest, validate
from pipelines.validation.arms import with_arms
from pipelines.workspace import Workspace
from tests.pipelines.outreach.test_round_draw import spec_of

START, NOW = datetime(2024, 1, 1), datetime(2024, 12, 1, 12)
PEOPLE = [f"c{number}" for number in range(12)]
SENT = 600


def rows_of_files(table: Table, gen: np.random.Generator) -> list[dict[str, Any]]:
    """Sound rows, one for each customer and month."""
    found = []
    for month in range(11):
        for place, who in enumerate(PEOPLE):
            at = START + timedelta(days=30 * month + place)
            plain = {column.name: fitting(column, gen, at) for column in table.columns if not column.nullable}
            dated = {"customer_id": who, "event_at": at, "known_at": at, "joined_at": START, "starts_at": START}
            own = {
                name: f"{name} {month} {place}" for name in table.key if name.endswith("_id") and name != "customer_id"
            }
            kind = {"step": f"step {month}", "action": "call", "probability": 0.5}
            found.append({name: one for name, one in {**plain, **dated, **own, **kind}.items() if name in table.names})
    return found


def fitting(column: Column, gen: np.random.Generator, at: datetime) -> Any:
    if column.type == "timestamp":
        return at + timedelta(seconds=int(gen.integers(-(10**6), 10**5)))
    if column.type == "boolean":
        return bool(gen.integers(2))
    if column.type in ("text", "category"):
        return str(gen.choice(list(column.values) or [f"{column.name} {gen.integers(4)}", "call", '客户\'s "word"']))
    number = gen.uniform(column.minimum or 0, column.maximum or 9)
    return int(number) if column.type == "integer" else float(number)


def any_value(column: Column, gen: np.random.Generator) -> Any:
    """Mostly what fits, and what is just about, or not at all, a value."""
    if column.nullable and gen.random() < 0.4:
        return None
    if gen.random() < 0.9:
        return fitting(column, gen, NOW)
    numbers = [-1, 0, 1, 1.5, 10.0, 1440, 1441, 1e12, 1e15, 2**53, -0.0, float("inf"), float("nan"), 10**30]
    times = [NOW + timedelta(minutes=4), NOW + timedelta(days=9), datetime(1989, 1, 1), datetime(2060, 1, 1)]
    texts = ["", " ", "x" * 199, '{"call": 0.5, "control": 0.5}', '{"call": 2}', "\x01\n", "=1+1", "NaN", "-inf"]
    return gen.choice(np.array([*numbers, *times, *texts, True, None], dtype=object))


def sent(table: Table, gen: np.random.Generator) -> dict[str, Any]:
    row = {column.name: any_value(column, gen) for column in table.columns if column.name != "known_at"}
    row = {name: one.isoformat() if isinstance(one, datetime) else one for name, one in row.items()}
    if gen.random() < 0.95:
        row["customer_id"] = str(gen.choice([*PEOPLE, "new", "nobody"]))
    return row


def test_whatever_is_let_through_passes_the_checks_of_the_batch(tmp_path: Path) -> None:
    gen, workspace = np.random.default_rng(11), Workspace(tmp_path, "demo")
    tables = {}
    workspace.raw.mkdir(parents=True)
    for name, table in CANONICAL.items():
        rows = pd.DataFrame(rows_of_files(table, gen)).drop_duplicates(list(table.key))
        if name == "usage":
            rows["event_at"] = pd.to_datetime(rows["event_at"])
        rows.to_csv(workspace.raw / f"{name}.csv", index=False)
        columns = {one: one for one in rows.columns if name != "usage" or one not in ("sessions", "kinds")}
        tables[name] = {"files": f"{name}.csv", "columns": columns}
    source = {"kind": "event_log", "time_zone": "Europe/Berlin", "received": "complete", "tables": tables}
    spec = spec_of("demo", source=source, label={"kind": "cancelled", "lead_time_days": 14, "horizon_days": 30})
    found, options = source_of(spec)
    declared = with_arms(found.declare(options), spec)
    events: list[Received] = []
    while len(events) < SENT:
        table = declared[str(gen.choice(list(declared)))]
        now = NOW + timedelta(minutes=len(events))
        try:
            row = checked(declared, table.name, sent(table, gen), now=now, time_zone="Europe/Berlin")
        except DataError:
            continue
        number = len(events) + 1
        events.append(Received(number, now, Event(f"k{number}", table.name, row["customer_id"], row)))
    storage.write_parquet(workspace.raw / FILE, collecting.table_of(events))
    ingest.run(spec, workspace)
    validate.run(spec, workspace)
    about = storage.read_json(workspace.tables / "about.json")
    assert about["received"] == SENT
    counts = about["reconciled"].values()
    assert {arrivals.UNKNOWN, arrivals.OF_ANOTHER} <= {name for one in counts for name in one["dropped"]}
    assert sum(one["read"].get(FILE, 0) for one in counts) == SENT
    assert all(list(workspace.tables.glob(f"{name}/{arrivals.PREFIX}*")) for name in CANONICAL)
