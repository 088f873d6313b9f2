"""Received events become a raw file: once each, in the same bytes, and nothing that was learned from is forgotten."""

from collections.abc import Sequence
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from experiments.spec import ExperimentSpec
from features.errors import MissingError, UsageError
from features.event_log.received import FILE
from pipelines.files import storage
from pipelines.jobs import collecting, stage_graph
from pipelines.jobs.collecting import Collected, collect, refresh
from pipelines.jobs.forgetting import raw
from pipelines.outreach.operations import database, erasing, received_events
from pipelines.outreach.operations.erasing import Signed
from pipelines.outreach.operations.received_events import Event, Received
from pipelines.raw_data.erased import pseudonym
from pipelines.raw_data.raw_versions import history
from pipelines.workspace import Workspace
from tests.pipelines.outreach.test_round_draw import spec_of

NOW = datetime(2026, 3, 1, 8)
SOURCE: dict[str, Any] = {
    "kind": "event_log",
    "time_zone": "UTC",
    "received": True,
    "tables": {"usage": {"files": "use.csv", "columns": {"customer_id": "who", "event_at": "day"}}},
}


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> sa.Engine:
    monkeypatch.delenv(database.ADDRESS, raising=False)
    return database.opened(tmp_path)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[ExperimentSpec, Workspace]:
    monkeypatch.setattr(stage_graph, "track", lambda *_, **__: None)  # DVC has it in test_forget.py
    workspace = Workspace(tmp_path, "demo")
    workspace.raw.mkdir(parents=True)
    (workspace.raw / "use.csv").write_text("who,day\nc1,2026-01-01\n")
    return spec_of("demo", source=SOURCE), workspace


def send(engine: sa.Engine, keys: Sequence[str], spec: str = "demo") -> None:
    events = [Event(key, "usage", f"c{key}", {"customer_id": f"c{key}", "actions": 1}) for key in keys]
    received_events.keep(engine, spec, events, now=NOW)


def every(engine: sa.Engine) -> list[Received]:
    return list(chain.from_iterable(received_events.portions(engine, "demo")))


def keys(workspace: Workspace) -> list[str]:
    return [str(one) for one in pq.read_table(workspace.raw / FILE)["key"].to_pylist()]


def test_twice_is_once_and_what_is_new_makes_a_version(
    shop: Any, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, workspace = shop
    monkeypatch.setattr(received_events, "PORTION", 2)  # which changes no byte
    assert collect(spec, workspace) == Collected(0, 0)
    assert not (workspace.raw / FILE).exists()
    send(engine, "ab")
    send(engine, "x", spec="another")
    assert collect(spec, workspace) == Collected(2, 0)
    before = {path: (path.stat().st_mtime_ns, storage.digest(path)) for path in workspace.raw.iterdir()}
    assert collect(spec, workspace) == Collected(2, 2)
    refresh(spec, workspace)
    assert {path: (path.stat().st_mtime_ns, storage.digest(path)) for path in workspace.raw.iterdir()} == before
    assert collecting.version_of(workspace) == 1
    send(engine, "abc")
    refresh(spec, workspace)
    assert keys(workspace) == ["a", "b", "c"]
    assert collecting.version_of(workspace) == 2
    assert (workspace.raw / "use.csv").exists()
    again = workspace.root / "again.parquet"
    storage.write_parquet(again, collecting.table_of(every(engine)))
    assert storage.digest(again) == storage.digest(workspace.raw / FILE)


def test_a_file_with_events_that_the_database_lacks_stays(shop: Any, engine: sa.Engine, tmp_path: Path) -> None:
    """As in another checkout, whose events have numbers of their own."""
    spec, workspace = shop
    send(database.opened(tmp_path / "other"), "pq")
    other = every(database.opened(tmp_path / "other"))
    storage.write_parquet(workspace.raw / FILE, collecting.table_of(other))
    assert collect(spec, workspace) == Collected(2, 2, lacking=2)
    send(engine, "abc")
    assert collect(spec, workspace) == Collected(2, 2, lacking=2)
    assert keys(workspace) == ["p", "q"]


def test_those_of_erased_people_are_lacked_by_nobody(shop: Any, engine: sa.Engine) -> None:
    spec, workspace = shop
    send(engine, "abc")
    collect(spec, workspace)
    erasing.erase(engine, "cb", Signed(pseudonym(), "another", "2026-03-02T08:00:00", "desk"), {})
    assert collect(spec, workspace) == Collected(2, 3)
    assert keys(workspace) == ["a", "c"]


def test_a_file_of_one_person_alone_goes_with_them(shop: Any, engine: sa.Engine) -> None:
    spec, workspace = shop
    with (workspace.raw / "use.csv").open("a") as file:
        file.write("ca,2026-01-02\n")
    send(engine, "a")
    collect(spec, workspace)
    changes = {change.path.name: change for change in raw.changes(spec, workspace, "ca")}
    assert {name: one.rows for name, one in changes.items()} == {"use.csv": 1, FILE: 1}
    assert changes[FILE].write is None
    changes[FILE].path.unlink()
    raw.track(spec, workspace)
    assert FILE not in history(workspace.raw)[-1]["files"]


def test_a_spec_that_takes_none_is_told_what_to_write_and_left_alone_by_run(shop: Any, engine: sa.Engine) -> None:
    _, workspace = shop
    plain = spec_of("demo", source={name: one for name, one in SOURCE.items() if name != "received"})
    send(engine, "a")
    with pytest.raises(UsageError, match="write `received: true` under `source`"):
        collect(plain, workspace)
    refresh(plain, workspace)
    assert not (workspace.raw / FILE).exists()


def test_before_there_are_data_nothing_can_be_added_to_them(shop: Any) -> None:
    spec, workspace = shop
    (workspace.raw / "use.csv").unlink()
    workspace.raw.rmdir()
    refresh(spec, workspace)
    with pytest.raises(MissingError, match="has no raw data yet"):
        collect(spec, workspace)
