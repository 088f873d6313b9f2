"""`clean` shows what nothing refers to, deletes it only when told to, and never what a version needs."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import optuna
import pytest
from mlflow import MlflowClient

from pipelines.cli import main
from pipelines.files import storage
from pipelines.servers import mlflow_runs

Checkout = Callable[..., Path]
# Oldest first: of a version, of nothing, of the newest result, of nothing, and one that may go on.
STUDIES = ("shop-champion", "shop-old", "shop-result", "shop-older", "shop-newest")


def client(root: Path) -> MlflowClient:
    return MlflowClient(f"sqlite:///{root}/mlflow.db", f"sqlite:///{root}/mlflow.db")


@pytest.fixture
def root(promoted: Checkout, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with two champions, five studies with a run and a trial each, and data of a spec that is gone."""
    found = promoted("1", "2")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    there, state = client(found), found / "state/shop"
    there.set_model_version_tag("shop", "1", "study", "shop-champion")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    experiment = there.get_experiment_by_name("shop").experiment_id
    for study in STUDIES:
        optuna.create_study(study_name=study, storage=f"sqlite:///{state}/study.db")
        parent = mlflow_runs.start_run(there, experiment, name=f"study {study}")
        mlflow_runs.start_run(there, experiment, name=f"trial of {study}", parent=parent)
        there.set_terminated(parent)
    for name in ("study elsewhere", "by hand"):
        there.set_terminated(mlflow_runs.start_run(there, experiment, name=name))
    mlflow_runs.start_run(there, experiment, name="study goes on")
    storage.write_json(found / "artifacts/shop/tuning/best.json", {"study": "shop-result"})
    (found / "params.yaml").write_text("specs: [listed]\n")
    for name in ("tables/gone", "matrix/gone", "matrix/.shop.tmp", "tables/listed", "tables/shop", "raw/gone"):
        (found / "data" / name).mkdir(parents=True)
    return found


def told(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> dict:
    capsys.readouterr()
    assert main(["clean", *words, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def kinds(plain: dict) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for one in plain["left"]:
        found.setdefault(one["kind"], set()).add(one["name"].partition(",")[0])
    return found


def state(root: Path) -> tuple[set[str], set[str], set[str]]:
    experiment = client(root).get_experiment_by_name("shop").experiment_id
    runs = {one.info.run_name for one in client(root).search_runs([experiment])}
    studies = set(optuna.get_all_study_names(f"sqlite:///{root}/state/shop/study.db"))
    return studies, runs, {str(path.relative_to(root / "data")) for path in root.glob("data/*/*")}


GOES = {
    "study": {"shop-old", "shop-older"},
    "run": {
        *("study shop-old", "study shop-older", "trial of shop-old", "trial of shop-older", "study elsewhere"),
    },
    "folder": {"data/tables/gone", "data/matrix/gone", "data/matrix/.shop.tmp"},
}


def test_what_nothing_refers_to_is_shown_and_goes_only_when_it_is_said(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = state(root)
    assert kinds(told(capsys)) == GOES
    assert state(root) == before
    assert kinds(told(capsys, "shop", "--yes")) == GOES
    studies, runs, folders = state(root)
    assert studies == before[0] - GOES["study"]
    assert runs == before[1] - GOES["run"]
    assert {f"data/{one}" for one in folders} == {f"data/{one}" for one in before[2]} - GOES["folder"]
    assert told(capsys, "--yes")["left"] == []
    # The champion and the one before are whole, and what the next gate asks of their runs is there.
    assert main(["registry", "check", "shop"]) == 0
    assert main(["rollback", "shop"]) == 0
    assert main(["doctor", "shop"]) == 0


def test_a_spec_whose_champion_is_lost_is_left_alone(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    client(root).delete_model_version("shop", "1")
    before = state(root)
    plain = told(capsys, "--yes", code=5)
    assert kinds(plain) == {"folder": GOES["folder"]}
    assert "the version before the champion is lost" in plain["alone"]["shop"]
    assert state(root)[:2] == before[:2]


def test_runs_of_a_shared_mlflow_are_left(root: Path, capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = root.parent / "elsewhere.db"
    shutil.copyfile(root / "mlflow.db", elsewhere)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{elsewhere}")
    assert set(kinds(told(capsys))) == {"study", "folder"}


def test_an_unknown_spec_is_refused_before_anything_goes(root: Path) -> None:
    before = state(root)
    assert main(["clean", "shop", "nosuch", "--yes"]) == 2
    assert state(root) == before
