"""`monitor` on the tiny world: stable data ask for nothing, planted drifts are named, bad input is one line."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.outreach.operations import answers, clock, database
from tests.end_to_end.repository import TINY, Repository

DEMO = "artifacts/demo"


def monitored(repository: Repository, *words: str, code: int) -> dict[str, Any]:
    ended = repository.act("monitor", "demo", *words, "--json")
    assert ended.returncode == code, ended.stdout + ended.stderr
    return json.loads(ended.stdout)


def asking(found: dict[str, Any]) -> set[tuple[str, str]]:
    return {(one["kind"], one["subject"]) for one in found["changes"] if one["asks"]}


def test_monitoring(tiny: Repository) -> None:
    _a_champion_of_today_has_no_reason_to_retrain(tiny)
    _bad_input_is_one_line(tiny)
    _scores_that_were_served_are_compared_where_they_are_enough(tiny)
    _planted_changes_of_todays_rows_are_named(tiny)
    _outcomes_of_newer_data_are_compared_and_a_changed_concept_is_named(tiny)


def _a_champion_of_today_has_no_reason_to_retrain(tiny: Repository) -> None:
    found = monitored(tiny, code=0)
    assert not asking(found)
    assert found["version"] == "1"
    kinds = {one["kind"] for one in found["changes"]}
    assert kinds >= {"feature_shift", "prediction_shift", "missing_share", "new_category", "volume", "freshness"}
    subjects = {one["subject"] for one in found["changes"] if one["kind"] == "prediction_shift"}
    assert subjects == {"churn_probability", "uplift_call", "uplift_coupon", "uplift_upgrade"}
    assert json.loads((tiny.root / DEMO / "monitoring.json").read_text()) == found
    page = (tiny.root / DEMO / "monitoring.html").read_bytes()
    assert b"no reason to retrain" in page
    assert all(one["subject"].encode() in page for one in found["changes"][:5])
    assert monitored(tiny, code=0) == found
    assert (tiny.root / DEMO / "monitoring.html").read_bytes() == page


def _bad_input_is_one_line(tiny: Repository) -> None:
    spec = tiny.root / "experiments/specs/demo.yaml"
    for words, told in (
        (("--at", "2030-01-01"), "--at 2030-01-01 is no date of the data of 'demo'; there are ['2024-04-01', "),
        (("--at", "soon"), "--at 'soon' is no date; write such as 2026-03-01."),
    ):
        ended = tiny.act("monitor", "demo", *words)
        assert ended.returncode == 2
        assert ended.stderr.startswith(f"monitor: {told}")
        assert len(ended.stderr.splitlines()) == 1
    before = spec.read_text()
    spec.write_text(f"{before}\nmonitoring: {{thresholds: {{feature_shfit: 0.3}}}}\n")
    ended = tiny.act("monitor", "demo")
    assert ended.returncode == 2
    assert "monitoring names ['feature_shfit']; the kinds of drift are ['feature_shift', " in ended.stderr
    spec.write_text(f"{before}\nmonitoring: {{accept: {{feature_shift: {{plna: a new plan}}}}}}\n")
    ended = tiny.act("monitor", "demo")
    assert ended.returncode == 2
    assert "monitoring.accept.feature_shift names ['plna']; there are [" in ended.stderr
    spec.write_text(f"{before}\nmonitoring: {{accept: {{realised_auc: {{AUC: a merger}}}}}}\n")
    line = "monitoring.accept names 'realised_auc: AUC', of which nothing was measured"
    assert line in tiny.act("monitor", "demo").stdout
    spec.write_text(before)


def keep_scores(tiny: Repository, scores: np.ndarray, *, at: str, kind: str = "score", times: int = 1) -> None:
    """Keep answers of version 1, each input `times` times."""
    said = {"spec": "demo", "customer_id": None, "version": "1", "answered_at": at, "kind": kind}
    said |= {"advice": None, "event": None}
    rows = [{**said, "digest": f"{place} {score}", "score": float(score)} for place, score in enumerate(scores)]
    answers.keep(database.opened(tiny.root), rows * times)


def served(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in found["changes"] if one["kind"] == "served_shift"]


def _scores_that_were_served_are_compared_where_they_are_enough(tiny: Repository) -> None:
    path = tiny.root / "state/operations.db"
    assert not served(monitored(tiny, code=0))
    assert not path.exists()
    scores = pq.read_table(tiny.root / DEMO / "evaluation/gate.parquet")["churn_probability"].to_numpy()
    shifted = np.sqrt(scores)
    newest = monitored(tiny, code=0)["at"]
    keep_scores(tiny, scores[:400], at=clock.text(clock.now("UTC")), times=2)
    keep_scores(tiny, shifted, at=clock.text(clock.now("UTC")), kind="event")
    keep_scores(tiny, shifted[:99], at="2025-05-20T08:00:00", times=5)
    keep_scores(tiny, shifted, at="2025-05-02T00:00:00")
    keep_scores(tiny, shifted, at="2025-06-01T00:00:01")
    one = served(monitored(tiny, code=0))
    assert [(found["name"], found["beyond_chance"]) for found in one] == [("served churn_probability", False)]
    assert (newest, served(monitored(tiny, "--at", newest, code=0))) == ("2025-06-01", [])
    keep_scores(tiny, shifted[:400], at="2025-05-20T08:00:00")
    found = monitored(tiny, "--at", newest, code=6)
    assert asking(found) == {("served_shift", "served churn_probability")}
    assert served(found)[0]["sentence"].startswith("served_shift: served churn_probability: index ")
    assert "<li>served_shift: served churn_probability: index " in (tiny.root / DEMO / "monitoring.html").read_text()
    database_before = path.read_bytes()
    for beside in path.parent.glob("operations.db-*"):
        beside.unlink()
    path.write_bytes(b"no database" * 1000)
    ended = tiny.act("monitor", "demo")
    assert (ended.returncode, len(ended.stderr.splitlines())) == (2, 1)
    assert ended.stderr.startswith("monitor: the operations database at ")
    path.write_bytes(database_before)


def changed(path: Path, **columns: Any) -> None:
    """Change columns of a partition; each is a function of the values before."""
    table = pq.read_table(path)
    for name, change in columns.items():
        values = pa.array(change(table[name].to_pandas().to_numpy()), table.schema.field(name).type, from_pandas=True)
        table = table.set_column(table.column_names.index(name), table.schema.field(name), values)
    pq.write_table(table, path)


def _planted_changes_of_todays_rows_are_named(tiny: Repository) -> None:
    newest = next((tiny.root / "data/matrix/demo/score").glob("*.parquet")).name
    themes = {
        name: tiny.root / f"data/matrix/demo/themes/{name}/{newest}" for name in ("contracts", "activity", "recency")
    }
    before = {path: path.read_bytes() for path in themes.values()}
    changed(themes["contracts"], plan=lambda plan: np.where(np.arange(len(plan)) % 10 == 0, "galaxy", plan))
    changed(themes["activity"], active_days_30d=lambda days: np.full(len(days), np.nan))
    changed(themes["recency"], days_since_last_use=lambda days: days * 7 + 30)
    found = monitored(tiny, code=6)
    named = {("new_category", "plan"), ("missing_share", "active_days_30d"), ("feature_shift", "days_since_last_use")}
    assert named <= asking(found)
    assert {subject for kind, subject in asking(found) if kind != "prediction_shift"} == {one for _, one in named}
    lines = tiny.act("monitor", "demo")
    assert lines.returncode == 6
    assert lines.stdout.startswith("monitor demo at 2025-06-01: retrain; version 1, ")
    assert lines.stdout.count("Retrain, or") == len(asking(found))
    assert "<li>new_category: plan:" in (tiny.root / DEMO / "monitoring.html").read_text()
    for path, content in before.items():
        path.write_bytes(content)


def _outcomes_of_newer_data_are_compared_and_a_changed_concept_is_named(tiny: Repository) -> None:
    tiny.spec("demo", "demo", source={**TINY["source"], "months": 19})
    ended = tiny.go_through("ingest validate build", "demo")
    assert ended.returncode == 0, ended.stderr
    found = monitored(tiny, code=0)
    assert found["known_outcomes"] == ["2025-04-01"]
    realised = {one["subject"] for one in found["changes"] if one["kind"].startswith("realised")}
    assert realised >= {"AUC on 2025-04-01", "Brier on 2025-04-01", "calibration on 2025-04-01"}
    assert monitored(tiny, "--at", "2025-04-01", code=0)["known_outcomes"] == []
    rng = np.random.default_rng(0)
    path = tiny.root / "data/matrix/demo/learn/as_of=2025-04-01.parquet"
    changed(path, churned=lambda left: np.where(rng.random(len(left)) < 0.3, 1.0 - left, left))
    found = monitored(tiny, code=6)
    assert asking(found) >= {
        ("realised_auc", "AUC on 2025-04-01"),
        ("realised_calibration", "calibration on 2025-04-01"),
    }
    assert not [one for kind, one in asking(found) if kind in ("feature_shift", "missing_share", "volume")]


@pytest.mark.parametrize("built", [True, False])
def test_without_a_champion_it_says_how_to_get_one(tiny_built: Repository, *, built: bool) -> None:
    if not built:
        tiny_built.spec("other", "demo")
    spec = "demo" if built else "other"
    ended = tiny_built.run("monitor", spec)
    assert ended.returncode == 2
    assert ended.stderr == f"monitor: '{spec}' has no champion yet; run: python -m pipelines run {spec}\n"
