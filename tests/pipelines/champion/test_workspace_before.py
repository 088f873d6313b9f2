"""A workspace made before champions had claims and comparisons had units goes on: champion, ledger and spec."""

import json
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
import yaml
from mlflow import MlflowClient

from experiments.statistics.repeated_looks import spent
from pipelines.champion import ledger, loading, model_versions
from pipelines.champion.succession import Standing
from pipelines.cli import main
from pipelines.files import storage
from pipelines.ruling.champion_for import Claims
from pipelines.servers import mlflow_runs
from pipelines.workspace import Workspace

# What version 1 said of the first three members when it was made.
PREDICTED = [0.29693250740158245, 0.08245365440638466, 0.4217744973514554]
BEFORE = Path(__file__).parents[1] / "workspace_before"
STAGES = ("ingest", "validate", "build", "tune", "train", "evaluate", "register")


def members() -> pd.DataFrame:
    """The club's members, half of whom were called at random."""
    rng = np.random.default_rng(11)
    size = 4000
    visits, months = rng.gamma(2.0, 2.0, size).round(2), rng.integers(0, 48, size)
    called = rng.random(size) < 0.5
    risk = 1 / (1 + np.exp(-(0.4 - 0.35 * visits + 0.01 * (24 - months))))
    saved = np.where(visits < 3, 0.25, -0.05) * called
    left = rng.random(size) < np.clip(risk - saved, 0.01, 0.99)
    texts = {"left": np.where(left, "yes", "no"), "letter": np.where(called, "called", "none")}
    return pd.DataFrame({"member": [f"m{n:05d}" for n in range(size)], "visits": visits, "months": months, **texts})


def restored(root: Path) -> None:
    """The registry and the ledger as they were: version 1 champion, version 2 inconclusive against it."""
    kept = json.loads((BEFORE / "club.json").read_text())
    client = mlflow_runs.client(root)
    mlflow_runs.use(root)
    experiment = client.create_experiment("club", artifact_location=(root / "mlartifacts").as_uri())
    client.create_registered_model("club")
    for version in kept["versions"]:
        folder = root / "mlartifacts" / f"version{version['version']}"
        files = {**version["files"], "scorer.py": kept["scorer"], "artifacts/challenger/scorer.py": kept["scorer"]}
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        with mlflow.start_run(experiment_id=experiment) as active:
            training = root / "training.parquet"
            pd.DataFrame({"row": np.array(kept["training_rows"], dtype=np.uint64)}).to_parquet(training)
            mlflow.log_artifact(str(training))
            client.create_model_version("club", str(folder), active.info.run_id, tags=version["tags"])
    client.set_registered_model_alias("club", "champion", "1")
    with ledger.opened(root).engine.begin() as connection:
        for row in kept["ledger"]:
            names = ", ".join(f":{name}" for name in row)
            connection.execute(sa.text(f"INSERT INTO holdfast_ledger ({', '.join(row)}) VALUES ({names})"), row)


@pytest.fixture(scope="module")
def club(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace of before, and the raw file."""
    root = tmp_path_factory.mktemp("club")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", "")
        patch.delenv("MLFLOW_TRACKING_URI")
        restored(root)
    (root / "data" / "raw" / "club").mkdir(parents=True)
    members().to_csv(root / "data" / "raw" / "club" / "club.csv", index=False)
    (root / "experiments" / "specs").mkdir(parents=True)
    (root / "experiments" / "specs" / "club.yaml").write_text((BEFORE / "club.yaml").read_text())
    return root


@pytest.fixture
def inside(club: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    monkeypatch.chdir(club)
    return club


def rewritten(root: Path, **tuning: Any) -> None:
    """The spec with its two renamed keys under their new names."""
    path = root / "experiments" / "specs" / "club.yaml"
    plain = yaml.safe_load((BEFORE / "club.yaml").read_text())
    plain["gate"] = {"minimum_gain_money": plain["gate"].pop("minimum_gain"), "calibration_limit": 0.1}
    plain["tuning"] |= tuning
    path.write_text(yaml.safe_dump(plain))


@pytest.mark.usefixtures("inside")
def test_the_old_spec_is_refused_with_the_new_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "club"]) == 2
    said = capsys.readouterr().err
    assert "'minimum_gain' is now minimum_gain_auc and minimum_gain_money" in said
    assert "'calibration_margin' is now miscalibration_margin" in said


def test_the_ledger_is_whole_and_its_champion_is_for_what_its_figures_showed(inside: Path) -> None:
    rewritten(inside)
    assert main(["registry", "check", "club"]) == 0
    standing = Standing("club", ledger.opened(inside).entries("club"))
    assert (standing.champion, standing.anchors) == ("1", ())
    assert standing.claims == Claims(risk=True, uplift=True)
    assert len(standing.looks()) == 2


def test_the_old_champion_meets_a_new_challenger_and_the_old_comparisons_count(inside: Path) -> None:
    rewritten(inside, learners=["dr_learner"])
    for stage in STAGES:
        assert main([stage, "club"]) == 0, stage
    assert main(["promote", "club"]) in (0, 3, 4)
    decision = storage.read_json(Workspace(inside, "club").decision)
    assert decision["compared_with"] == "1"
    assert decision["mode"] == "replace"
    assert decision["champion_for"] == {"risk": True, "uplift": True}
    assert decision["look"]["number"] == 3
    assert decision["look"]["alpha"] == pytest.approx(spent(0.05, look=3))
    assert decision["pairs"]["auc"]["champion"] > 0.6
    assert main(["registry", "check", "club"]) == 0
    assert main(["score", "club"]) == 0
    listed = pd.read_csv(Workspace(inside, "club").ranked_list / "ranked_list.csv")
    assert (listed["action"] == "call").any()


def test_the_old_model_predicts_what_it_did(inside: Path) -> None:
    client = MlflowClient(f"sqlite:///{inside}/mlflow.db", f"sqlite:///{inside}/mlflow.db")
    mlflow_runs.use(inside)
    assert model_versions.champion(client, "club") is not None
    rows = members()[["visits", "months"]].head(3).astype(float)
    standing = Standing("club", ledger.opened(inside).entries("club"))
    seal = loading.seal_of(model_versions.version(client, "club", "1"), standing)
    found = loading.predict(loading.predictor("club", "1", seal), rows)
    assert found["churn_probability"].tolist() == pytest.approx(PREDICTED, abs=0)
