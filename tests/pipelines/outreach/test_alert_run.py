"""What follows warnings on a later run: escalated when overdue, expired when over, whatever became of their rule."""

import argparse
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from experiments.alerts.episodes import Episodes
from experiments.spec import ExperimentSpec
from features.contract import Contract
from pipelines.commands import alerts
from pipelines.files import storage
from pipelines.outreach import alert_run, who_left
from pipelines.outreach.operations import came_back, database, warnings
from pipelines.outreach.operations.came_back import Rows
from pipelines.outreach.operations.tables import WARNING_EVENTS
from pipelines.outreach.operations.warnings import Warning_
from pipelines.workspace import Workspace
from tests.pipelines.jobs.retention import company_by_hand as by_hand
from tests.specs import trial_spec

AT, DUE = "2026-01-01T00:00:00", "2026-01-04T00:00:00"
NOW = datetime(2026, 1, 5)
CUSTOMERS = pd.Index(["c0", "c1"])


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> sa.Engine:
    monkeypatch.delenv(database.ADDRESS, raising=False)
    found = database.opened(tmp_path)
    made = [
        Warning_("demo", rule, customer, AT, AT, "high", "desk", "list", DUE, "head", {})
        for rule in ("lasts", "taken_out")
        for customer in CUSTOMERS
    ]
    warnings.raised(found, made, {}, spec="demo", at=AT)
    return found


def states(engine: sa.Engine) -> dict[tuple[str, str], str]:
    rows = warnings.all_of(engine, "demo")
    return {(row.rule, row.customer_id): row.state for row in rows.itertuples()}


def test_a_warning_of_a_rule_that_was_taken_out_expires_and_says_why(engine: sa.Engine) -> None:
    standing = Episodes(np.array([480_000.0, np.nan]), np.array([True, False]), np.full(2, 480_000.0))
    for _ in range(2):  # a run that is repeated writes nothing twice
        alert_run._follow_up(engine, "demo", {"lasts": (CUSTOMERS, standing)}, now=NOW)
    assert states(engine) == {
        ("lasts", "c0"): "escalated",
        ("lasts", "c1"): "expired",
        ("taken_out", "c0"): "expired",
        ("taken_out", "c1"): "expired",
    }
    with engine.connect() as connection:
        asked = sa.select(WARNING_EVENTS.c.rule, WARNING_EVENTS.c.note)
        notes = set(map(tuple, connection.execute(asked)))
    assert notes == {("lasts", "head"), ("lasts", ""), ("taken_out", alert_run.TAKEN_OUT)}


RULES = """title: Rules
rules:
  cheap:
    says: {en: "Is worth little", zh: "价值低"}
    when: {feature: value, at_most: 3}
    level: high
    owner: desk
    due_hours: 72
    escalates_to: head
"""


def observed(workspace: Workspace, day: str, customers: Sequence[str]) -> None:
    """The matrix of a date, with these customers, who are worth little."""
    for path in (workspace.matrix / "score").glob("*"):
        path.unlink()
    (workspace.matrix / "score").mkdir(parents=True, exist_ok=True)
    names = list(customers)
    rows = pd.DataFrame({"customer_id": names, "as_of": pd.Timestamp(day).as_unit("us"), "value": 1.0})
    pq.write_table(
        pa.Table.from_pandas(rows, preserve_index=False), workspace.matrix / "score" / f"as_of={day}.parquet"
    )


def notes(workspace: Workspace) -> dict[str, tuple[str, str]]:
    rows = warnings.all_of(database.opened(workspace.root), "demo")
    return {row.customer_id: (row.state, row.note) for row in rows.itertuples()}


def asked(workspace: Workspace, spec: ExperimentSpec, day: str, customers: str) -> alert_run.Raised:
    observed(workspace, day, customers)
    return alert_run.run(spec, workspace, now=datetime.fromisoformat(day))


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.delenv(database.ADDRESS, raising=False)
    workspace = by_hand.company(tmp_path)
    workspace.alerts.mkdir(parents=True)
    storage.write_json(workspace.matrix / "contract.json", Contract(()).to_dict())
    (workspace.alerts / "demo.yaml").write_text(RULES, encoding="utf-8")
    return workspace


def test_a_warning_of_who_has_left_expires_with_the_reason_and_who_comes_back_is_warned_anew(
    company: Workspace,
) -> None:
    """c left on 31 March and came back in October; a, whose row is not there, has not left."""
    spec = by_hand.spec(alerts="demo")
    first = asked(company, spec, "2024-03-01", "abc")
    assert (first.new, first.open) == ({"cheap": 3}, 3)
    assert asked(company, spec, "2024-04-10", "b").open == 2
    assert notes(company) == {"a": ("escalated", "head"), "b": ("escalated", "head"), "c": ("expired", alert_run.LEFT)}
    again = asked(company, spec, "2024-10-10", "bc")
    assert (again.new, again.open) == ({"cheap": 1}, 3)


def test_who_is_to_leave_later_has_not_left_yet(company: Workspace) -> None:
    """b's contracts end after the date; the row is missing for another reason."""
    rows = by_hand.contracts()
    ahead = rows.assign(ended_at=rows["ended_at"].where(rows["customer_id"] != "b", pd.Timestamp("2024-06-01")))
    by_hand.write(company, {"contracts": ahead.astype({"ended_at": "datetime64[us]"})})
    spec = by_hand.spec(alerts="demo")
    asked(company, spec, "2024-03-01", "ab")
    assert asked(company, spec, "2024-05-01", "a").open == 2
    assert asked(company, spec, "2024-07-01", "a").open == 1
    assert notes(company)["b"] == ("expired", alert_run.LEFT)


def test_of_a_table_without_dates_who_is_gone_or_was_recorded_after_the_warning_has_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(database.ADDRESS, raising=False)
    workspace, engine = Workspace(tmp_path, "shop"), database.opened(tmp_path)
    (workspace.matrix / "learn").mkdir(parents=True)
    rows = pa.table({"customer_id": list("abcd"), "churned": [1.0, 0.0, 0.0, 0.0]})
    pq.write_table(rows, workspace.matrix / "learn" / "all.parquet")
    told = {"round": "2026-01-01", "happened_at": None, "by": "desk"}
    recorded = [
        {**told, "customer_id": name, "churned": left, "known_at": f"2026-0{month}-01T00:00:00"}
        for name, left, month in (("b", True, 3), ("c", True, 1), ("d", True, 3), ("d", False, 4))
    ]
    came_back.keep(engine, "shop", Rows(outcomes=recorded), at=AT, is_said=False)
    warned = pd.DataFrame({"customer_id": list("abcd"), "raised_at": "2026-02-01T00:00:00"})
    for are_gone, expected in ((True, {"a", "b"}), (False, {"b"})):
        spec = trial_spec(label={"kind": "column", "leavers_are_gone": are_gone})
        here = pd.Index(list("bcd"))
        left = who_left.read(spec, workspace, engine, warned, customers=here, as_of=datetime(2026, 5, 1))
        assert {name for name, _ in left} == expected


def test_of_a_label_of_activity_who_is_not_observed_any_more_has_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(database.ADDRESS, raising=False)
    workspace, engine = Workspace(tmp_path, "demo"), database.opened(tmp_path)
    spec = by_hand.spec(label={"kind": "inactive", "horizon_days": 60, "active_days": 100})
    warned = pd.DataFrame({"customer_id": list("ab"), "raised_at": "2024-02-01T00:00:00"})
    for here, expected in (("b", {"a"}), ("", {"a", "b"}), ("ab", set())):
        left = who_left.read(spec, workspace, engine, warned, customers=pd.Index(list(here)), as_of=by_hand.ENDS)
        assert {name for name, _ in left} == expected


def test_many_warnings_are_told_with_a_thousands_separator(company: Workspace) -> None:
    observed(company, "2024-03-01", [f"c{place}" for place in range(1241)])
    spec = by_hand.spec(alerts="demo")
    parser = argparse.ArgumentParser()
    alerts.arguments(parser)
    told = alerts.run(spec, company, parser.parse_args(["run", "demo", "--at", "2024-03-01"])).lines
    assert told == (
        "alerts run demo: 1,241 new warnings at 2024-03-01T00:00:00, 1,241 open in all",
        "  cheap  1,241",
    )
    assert alerts.run(spec, company, parser.parse_args(["list", "demo"])).lines[0] == "alerts list demo: 1,241 warnings"
