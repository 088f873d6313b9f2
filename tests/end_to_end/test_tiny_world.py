"""The main job on a tiny world: from nothing to a champion, again, and on newer data."""

import csv
import json
import re
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from experiments.statistics import rounding
from features.contract import Contract
from features.errors import DataError
from features.feature import FeatureColumn
from pipelines.learning import beside, leak_checks, training_data
from pipelines.models import portable
from pipelines.specs import spec_files
from pipelines.workspace import Workspace
from tests.end_to_end.repository import Repository, environment


def read(repository: Repository, path: str) -> dict:
    return json.loads((repository.root / "artifacts" / "demo" / path).read_text())


def registry_of(repository: Repository) -> MlflowClient:
    """The registry of a copy, wherever the tests before have pointed MLflow to."""
    uri = f"sqlite:///{repository.root}/mlflow.db"
    return MlflowClient(uri, uri)


def test_the_pages_say_on_top_where_the_model_was_made_and_lead_to_each_other(tiny: Repository) -> None:
    made = tiny.root / "artifacts" / "demo"
    version = read(tiny, "registration.json")["version"]
    run = registry_of(tiny).get_model_version("demo", version)
    for page in ("report.html", "decision.html"):
        told = (made / page).read_text()
        top = told[told.index('<dl class="about">') : told.index("</dl>\n</details>")]
        for known in (run.run_id, run.tags["git_commit"], run.tags["data_hash"]):
            assert f'title="{known}"' in top or f">{known}<" in top
        links = re.findall(r'href="([^"]+)"', top)
        assert "ranked_list/ranked_list.csv" in links
        assert len(links) == 2
        assert all((made / link).exists() for link in links)
    # The stage's own page knows nothing of it, and is the same wherever it is made.
    assert "Not decided when this page was made" in (made / "evaluation/report.html").read_text()


def test_everything_that_was_promised_is_there(tiny: Repository) -> None:
    made = tiny.root / "artifacts" / "demo"
    for path in (
        "evaluation/report.json",
        "evaluation/report.html",
        "decision.html",
        "report.html",
        "validation/docs/index.html",
        "ranked_list/ranked_list.csv",
    ):
        assert (made / path).stat().st_size > 0
    decision = read(tiny, "decision.json")
    assert decision["verdict"] == "FIRST_CHAMPION"
    assert {finding["status"] for finding in decision["findings"]} <= {"holds", "not applicable"}
    assert set(decision["figures"]["challenger"]) >= {"AUC", "QINI call", "QINI coupon", "QINI upgrade"}


def test_the_list_holds_every_active_customer_with_reasons_and_actions(tiny: Repository) -> None:
    ranked = pd.read_csv(tiny.root / "artifacts/demo/ranked_list/ranked_list.csv", keep_default_na=False)
    rows = pd.read_parquet(tiny.root / "data/matrix/demo/score")
    assert sorted(ranked["customer_id"]) == sorted(rows["customer_id"])
    assert ranked["churn_probability"].between(0, 1).all()
    assert set(ranked["risk_band"]) <= {"low", "medium", "high"}
    assert set(ranked["not_contacted_because"]) <= {"none", "budget spent", "capacity full"}
    assert (ranked["cost_if_lost_eur"] > 120).all()
    assert ranked.loc[ranked["churn_probability"].idxmax(), "reason_1"]
    if not read(tiny, "decision.json")["claims"]["uplift"]:  # so few customers may show nothing of the policy
        assert set(ranked["action"]) == {"not established"}
        assert ranked["churn_probability"].is_monotonic_decreasing
        return
    acted = ranked["action"] != "none"
    assert set(ranked["action"]) <= {"call", "coupon", "upgrade", "none"}
    assert 0 < acted.mean() <= 0.2
    assert (ranked["action"] == "call").mean() <= 0.03
    assert (ranked.loc[acted, "not_contacted_because"] == "none").all()
    assert (ranked.loc[acted, "expected_value_eur"] > 0).all()
    assert (ranked.loc[~acted, "expected_value_eur"] == 0).all()
    assert ranked["expected_value_eur"].is_monotonic_decreasing


def test_a_rerun_with_nothing_changed_runs_nothing(tiny: Repository) -> None:
    watched = [
        path
        for folder in ("data", "artifacts/demo/model")
        for path in (tiny.root / folder).rglob("*")
        if path.is_file()
    ]
    before = {path: path.stat().st_mtime_ns for path in watched}
    listed = (tiny.root / "artifacts/demo/ranked_list/ranked_list.parquet").stat().st_mtime_ns
    ended = tiny.run("run", "demo")
    assert ended.returncode == 0
    assert "NO_CHANGE" in ended.stdout
    assert {path: path.stat().st_mtime_ns for path in watched} == before
    assert (tiny.root / "artifacts/demo/ranked_list/ranked_list.parquet").stat().st_mtime_ns == listed


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("experiments/sections/gate.py", {"evaluate"}),
        ("experiments/sections/score.py", {"evaluate"}),
        ("experiments/sections/tuning.py", {"tune", "train", "evaluate"}),
        ("experiments/sections/policy.py", {"build", "tune", "train", "evaluate"}),
        ("experiments/spec.py", {"evaluate"}),
    ],
)
def test_a_changed_section_starts_the_stages_that_read_it_and_no_other(
    tiny: Repository, module: str, expected: set[str]
) -> None:
    file = tiny.root / module
    before = file.read_text()
    file.write_text(f"{before}# changed\n")
    ended = tiny.run("status", "--json", module="dvc")
    file.write_text(before)
    changed = {
        stage.split("@")[0]
        for stage, why in json.loads(ended.stdout).items()
        if any(module in one.get("changed deps", {}) for one in why if isinstance(one, dict))
    }
    assert changed == expected


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"slices": {"plan": {"column": "plan", "edges": [1]}}}, "evaluation.slices.plan.edges: 'plan' holds texts"),
        ({"slices": {"plan": {"column": "nothing"}}}, "evaluation.slices.plan.column: there is no column 'nothing'"),
        ({"slices": {"value": {"column": "value"}}}, "evaluation.slices.value: 'value' has"),
        ({"floors": {"plan": {"columns": ["plan"]}}}, "evaluation.floors.plan.columns: 'plan' holds texts"),
    ],
)
def test_columns_that_the_spec_names_after_the_build_are_looked_at_too(
    tiny: Repository, changed: dict, said: str
) -> None:
    file = tiny.root / "experiments" / "specs" / "demo.yaml"
    before = file.read_text()
    tiny.spec("demo", "demo", evaluation=changed)
    ended = tiny.act("evaluate", "demo")
    file.write_text(before)
    assert ended.returncode == 2, ended.stderr
    assert said in ended.stderr


def test_scoring_the_same_again_gives_the_same_bytes(tiny: Repository) -> None:
    folder = tiny.root / "artifacts/demo/ranked_list"
    before = {name: (folder / name).read_bytes() for name in ("ranked_list.csv", "ranked_list.parquet")}
    (folder / "receipt.json").unlink()
    assert tiny.act("score", "demo").returncode == 0
    assert {name: (folder / name).read_bytes() for name in before} == before


SERVING = """
import importlib.abc, sys
class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("features", "experiments", "pipelines"):
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
import mlflow, pandas
mlflow.set_tracking_uri(sys.argv[1])
model = mlflow.pyfunc.load_model("models:/demo@champion")
rows = pandas.read_parquet(sys.argv[2])
model.predict(rows).to_parquet(sys.argv[3])
"""


def test_the_champion_predicts_the_same_bits_where_none_of_our_code_is(tiny: Repository, tmp_path: Path) -> None:
    gate, answer = tiny.root / "artifacts/demo/evaluation/gate.parquet", tmp_path / "answer.parquet"
    words = [f"sqlite:///{tiny.root}/mlflow.db", str(gate), str(answer)]
    strict = {**environment(), "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    subprocess.run(
        [sys.executable, "-I", "-c", SERVING, *words], check=True, cwd=tmp_path, env=strict, capture_output=True
    )
    found, judged = pd.read_parquet(answer), pd.read_parquet(gate)
    expected = portable.scorer(Workspace(tiny.root, "demo").model / "challenger").score(judged)
    for name in found:
        assert np.array_equal(found[name], expected[name]), name
        assert np.array_equal(rounding.probabilities(found[name].to_numpy()), judged[name]), name


def test_the_registered_version_says_where_it_comes_from(tiny: Repository) -> None:
    version = registry_of(tiny).get_model_version_by_alias("demo", "champion")
    assert set(version.tags) >= {
        "git_commit",
        "data_hash",
        "spec_hash",
        "validation",
        "study",
        "model_digest",
        "contract",
    }
    assert version.tags["validation"].startswith("passed")
    assert version.tags["data_hash"].endswith(".dir")


def test_the_demo_is_clean_and_use_after_the_window_planted_in_it_is_found(tiny: Repository) -> None:
    """Those who left use nothing any more: an AUC of 0.91, where all honest columns together come to 0.69."""
    workspace = Workspace(tiny.root, "demo")
    opened = training_data.opened(spec_files.load(workspace), workspace)
    folds = opened.problem(["logistic"]).folds
    found = leak_checks.passed(opened, folds, off={}, matrix=workspace.matrix)
    assert not any(one["findings"] for one in found if one["severity"] == "refuse")
    usage = pd.read_parquet(workspace.tables / "usage")[["customer_id", "event_at"]]
    both = opened.rows[["customer_id", "as_of"]].reset_index().merge(usage, on="customer_id")
    ahead = both["event_at"] - both["as_of"]
    later = both[(ahead > pd.Timedelta(days=60)) & (ahead <= pd.Timedelta(days=90))].groupby("index").size()
    use = later.reindex(opened.rows.index, fill_value=0).to_numpy(dtype=float)
    columns = (*opened.contract.columns, FeatureColumn("use_later", "Use after the window"))
    planted = replace(opened, X=np.column_stack([opened.X, use]), contract=Contract(columns))
    with pytest.raises(DataError, match=r"1 leak found.*\n  L003 column 'use_later'"):
        leak_checks.passed(planted, folds, off={})


def test_checks_see_the_trial_and_the_rows_of_today_and_of_earlier(
    tiny: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two weeks lie between date and horizon: as known two weeks before the horizon, features are those of the date."""
    workspace = Workspace(tiny.root, "demo")
    opened = training_data.opened(spec_files.load(workspace), workspace)
    found = leak_checks.evidence(opened, opened.folds, matrix=workspace.matrix)
    assert (found.trial is not None, found.places, found.today is not None) == (True, None, True)
    assert found.earlier is not None
    assert found.earlier.days == 16
    assert not np.array_equal(found.earlier.now, found.earlier.before, equal_nan=True)
    monkeypatch.setattr(beside, "EARLIER", timedelta(0))
    same = beside.earlier(opened, workspace.matrix)
    assert same is not None
    assert np.array_equal(same.now, same.before, equal_nan=True)


def test_dvc_shows_metrics_and_plots(tiny: Repository) -> None:
    shown = json.loads(tiny.run("metrics", "show", "--json", module="dvc").stdout)
    assert 0.5 < shown[""]["data"]["artifacts/demo/evaluation/metrics.json"]["data"]["auc"] < 1
    plots = tiny.run("plots", "show", "--json", module="dvc")
    assert plots.returncode == 0
    assert "roc.csv" in plots.stdout


def test_an_experiment_changes_a_key_of_the_spec_and_is_compared(tiny: Repository) -> None:
    for words in (["add", "-A"], ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "a champion"]):
        subprocess.run(["git", *words], cwd=tiny.root, check=True, env=environment())
    change = "experiments/specs/demo.yaml:evaluation.contact_share=0.2"
    ended = tiny.run("exp", "run", "-q", "-S", change, "evaluate@demo", module="dvc")
    assert ended.returncode == 0, ended.stderr
    shown = tiny.run("exp", "show", "--csv", module="dvc").stdout
    rows = [row for row in csv.DictReader(shown.splitlines()) if row["rev"] != "workspace"]
    before, after = (next(row for row in rows if row["typ"] == typ) for typ in ("baseline", "branch_base"))
    assert float(after["recall"]) > float(before["recall"])
    assert after["auc"] == before["auc"]


def test_a_changed_spec_must_earn_its_place_and_newer_data_refresh_the_champion(tiny: Repository) -> None:
    """Last in this file: it changes the spec that the others look at."""
    before = (tiny.root / "experiments/specs/demo.yaml").read_text()
    tiny.spec("demo", "demo", features=["tenure"], tuning={"families": ["logistic"], "trials": 1})
    worse = tiny.go_through("build tune train evaluate register promote", "demo")
    assert worse.returncode in (3, 4), worse.stdout + worse.stderr
    refused = read(tiny, "decision.json")
    assert refused["mode"] == "replace"
    assert (refused["champion_version"], refused["challenger_version"]) == ("1", "2")
    again = tiny.act("promote", "demo")
    assert again.returncode == worse.returncode
    assert read(tiny, "decision.json") == refused
    (tiny.root / "experiments/specs/demo.yaml").write_text(before)
    tiny.spec("demo", "demo", source={"months": 20})
    newer = tiny.run("run", "demo")
    assert newer.returncode in (0, 3, 4), newer.stdout + newer.stderr
    refreshed = read(tiny, "decision.json")
    assert refreshed["mode"] == "refresh"
    assert refreshed["compared_with"] == "1"
    moved = refreshed["verdict"] == "REFRESH"
    listed = pd.read_csv(tiny.root / "artifacts/demo/ranked_list/ranked_list.csv")
    assert set(listed["model_version"].astype(str)) == {refreshed["challenger_version"] if moved else "1"}
    assert set(listed["as_of"]) == {"2025-09-01"}


def test_an_alias_moved_by_hand_is_refused_and_one_that_lags_behind_is_moved_on(tiny: Repository) -> None:
    """After the last: the ledger holds a decision on each of three versions."""
    client = registry_of(tiny)

    def alias() -> str:
        return str(client.get_model_version_by_alias("demo", "champion").version)

    champion = alias()
    client.set_registered_model_alias("demo", "champion", "2")
    refused = tiny.act("promote", "demo")
    assert refused.returncode == 2
    assert f"shows version 2, but the ledger says version {champion}" in refused.stderr
    assert tiny.act("registry", "check", "demo").returncode == 5
    assert tiny.act("registry", "restore", "demo").returncode == 0
    assert alias() == champion
    assert tiny.act("promote", "demo", "--force", "--reason", "it must").returncode == 0
    assert alias() == "3"
    client.set_registered_model_alias("demo", "champion", "1")
    assert tiny.act("promote", "demo").returncode == 0
    assert alias() == "3"


def test_a_rollback_brings_the_old_list_back_byte_for_byte(tiny: Repository) -> None:
    """Last in this file."""
    listed = tiny.root / "artifacts/demo/ranked_list/ranked_list.csv"
    assert tiny.act("score", "demo").returncode == 0
    newer = listed.read_bytes()
    status = tiny.act("status", "demo").stdout
    assert "champion           version 3" in status
    assert "before             version 1" in status
    assert tiny.act("rollback", "demo", "--reason", "complaints").returncode == 0
    assert tiny.act("score", "demo").returncode == 0
    older = listed.read_bytes()
    assert older != newer
    again = tiny.run("run", "demo")
    assert again.returncode == 3, again.stdout + again.stderr
    assert "was rolled back by" in again.stdout
    assert listed.read_bytes() == older
    assert tiny.act("promote", "demo", "--force", "--reason", "mended").returncode == 0
    assert tiny.act("score", "demo").returncode == 0
    assert listed.read_bytes() == newer
    assert tiny.act("registry", "check", "demo").returncode == 0
