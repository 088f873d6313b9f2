"""Rounds as rows of `treatments`: of all rounds, by the time of knowledge, with the same bytes, and without a hand."""

import json
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from experiments.spec import ExperimentSpec
from features.tables import TREATMENTS
from pipelines.files import storage
from pipelines.jobs import own_rounds, stage_graph
from pipelines.outreach import treatments_of_rounds
from pipelines.outreach.operations import database, rounds
from pipelines.workspace import Workspace
from tests.pipelines.outreach.operations.test_rounds import ROUND, assignments
from tests.pipelines.outreach.test_round_draw import spec_of

SECOND = replace(ROUND, as_of=date(2026, 2, 1), written_at="2026-02-01T08:00:00+00:00")
COLUMNS = {column.name: column.name for column in TREATMENTS.columns}
SOURCE = {
    "kind": "event_log",
    "time_zone": "UTC",
    "tables": {
        "treatments": [{"files": ["old.csv"], "columns": COLUMNS}, {"files": ["rounds.parquet"], "columns": COLUMNS}]
    },
}


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> sa.Engine:
    monkeypatch.delenv(database.ADDRESS, raising=False)
    return database.opened(tmp_path)


def write(engine: sa.Engine, *some: rounds.Round) -> None:
    for one in some:
        rows = assignments()
        if one is not ROUND:
            rows["customer_id"] += f" of {one.spec} {one.as_of}"
        assert rounds.written(engine, one, rows, rest_days=0) is not None


def known(root: Path, **asked: Any) -> pa.Table:
    return treatments_of_rounds.known(root, "demo", time_zone="Asia/Shanghai", **asked)


def test_everybody_drawn_has_a_row_with_the_probability_of_each_arm(tmp_path: Path, engine: sa.Engine) -> None:
    write(engine, ROUND)
    found = known(tmp_path).to_pylist()
    assert [(one["customer_id"], one["action"], one["probability"]) for one in found] == [
        ("c0", "call", 0.9),
        ("c1", "control", 0.1),
        ("c3", "coupon", 0.9),
    ]
    for one in found:
        shares = json.loads(one["probabilities"])
        assert sum(shares.values()) == pytest.approx(1.0)
        assert shares[one["action"]] == one["probability"]
        assert one["known_at"] == datetime(2026, 1, 1, 16)  # when the round was written, by the company's clocks


def test_rounds_are_known_from_when_they_were_drawn(tmp_path: Path, engine: sa.Engine) -> None:
    write(engine, ROUND, SECOND, replace(ROUND, spec="other"))
    moments = [datetime(2026, 1, 1, 15, 59), datetime(2026, 1, 1, 16), datetime(2026, 2, 1, 16), None]
    assert [len(known(tmp_path, at=moment)) for moment in moments] == [0, 3, 6, 6]
    first = known(tmp_path, at=moments[1])
    assert known(tmp_path).slice(0, 3).equals(first)  # what was known is not changed by what came later


def test_the_same_rounds_give_the_same_bytes_in_whatever_order_they_were_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(database.ADDRESS, raising=False)
    digests = set()
    for name, some in (("a", (ROUND, SECOND)), ("b", (SECOND, ROUND))):
        write(database.opened(tmp_path / name), *some)
        for _ in range(2):
            storage.write_parquet(tmp_path / name / "rounds.parquet", known(tmp_path / name))
            digests.add(storage.digest(tmp_path / name / "rounds.parquet"))
    assert len(digests) == 1


def test_where_there_is_no_database_there_are_no_rows_and_none_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(database.ADDRESS, raising=False)
    assert len(known(tmp_path)) == 0
    assert known(tmp_path).column_names == list(COLUMNS)
    assert not database.exists(tmp_path)


@pytest.fixture
def mapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[ExperimentSpec, Workspace]:
    tracked: list[str] = []
    monkeypatch.setattr(stage_graph, "track", lambda workspace, **_: tracked.append(workspace.spec))
    workspace = Workspace(tmp_path, "demo")
    workspace.raw.mkdir(parents=True)
    (workspace.raw / "old.csv").write_text("treatment_id\n")
    return spec_of("demo", source=SOURCE), workspace


def there(workspace: Workspace) -> list[str]:
    return pq.read_table(workspace.raw / "rounds.parquet")["campaign"].unique().to_pylist()


def test_run_takes_new_rounds_without_a_hand_and_touches_nothing_else(mapped, engine: sa.Engine) -> None:
    spec, workspace = mapped
    own_rounds.refresh(spec, workspace)
    assert not (workspace.raw / "rounds.parquet").exists()
    write(engine, ROUND)
    own_rounds.refresh(spec, workspace)
    assert there(workspace) == ["demo 2026-01-01"]
    before = {path: path.stat().st_mtime_ns for path in workspace.raw.iterdir()}
    own_rounds.refresh(spec, workspace)
    assert {path: path.stat().st_mtime_ns for path in workspace.raw.iterdir()} == before
    write(engine, SECOND)
    own_rounds.refresh(spec, workspace)
    assert there(workspace) == ["demo 2026-01-01", "demo 2026-02-01"]
    assert (workspace.raw / "old.csv").read_text() == "treatment_id\n"


def test_another_checkout_forgets_nothing(mapped, engine: sa.Engine) -> None:
    """Its database lacks the rounds that the file under DVC has: the file stays."""
    spec, workspace = mapped
    elsewhere = known(workspace.root)
    assert len(elsewhere) == 0
    other = database.opened(workspace.root / "other")
    write(other, ROUND)
    storage.write_parquet(workspace.raw / "rounds.parquet", known(workspace.root / "other"))
    own_rounds.refresh(spec, workspace)
    assert there(workspace) == ["demo 2026-01-01"]
    write(engine, SECOND)
    own_rounds.refresh(spec, workspace)
    assert there(workspace) == ["demo 2026-01-01"]


def test_a_spec_that_does_not_map_its_rounds_is_left_alone(mapped, engine: sa.Engine) -> None:
    _, workspace = mapped
    write(engine, ROUND)
    plain = {**SOURCE, "tables": {"treatments": [{"files": ["old.csv"], "columns": COLUMNS}]}}
    own_rounds.refresh(spec_of("demo", source=plain), workspace)
    assert not (workspace.raw / "rounds.parquet").exists()
