"""What a search and a registration write to MLflow, and what happens when its database cannot be written."""

import json
import shutil
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import optuna
import pytest
from mlflow import MlflowClient
from optuna.distributions import FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial

from pipelines.champion import describing
from pipelines.learning import studies, trial_runs
from pipelines.servers import mlflow_runs
from pipelines.workspace import Workspace
from tests.end_to_end.repository import environment

ROOT = Path(__file__).parents[3]

WRITES_UNTIL_FULL = """
import resource, signal, sys
from pathlib import Path
from features.errors import StorageError
from pipelines.servers import mlflow_runs
root = Path(sys.argv[1])
client = mlflow_runs.client(root)
experiment = mlflow_runs.experiment_id(client, root, "small")
limit = (root / "mlflow.db").stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
try:
    with mlflow_runs.answering(root):
        for number in range(2000):
            mlflow_runs.start_run(client, experiment, name="x" * 200)
except StorageError as error:
    sys.exit(f"{error.exit_code} {error}")
"""


def test_a_full_disk_beneath_the_database_is_told_in_one_line_and_not_called_a_bug(tmp_path: Path) -> None:
    """A limit on the size of files stands in for the disk."""
    ended = subprocess.run(
        [sys.executable, "-c", WRITES_UNTIL_FULL, str(tmp_path)],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "2 MLflow at sqlite:///mlflow.db could not be read or written:" in ended.stderr


BEGAN = datetime(2026, 3, 6, 17, 0)
RECORD = {"risk": [0.5], "uplift": [], "policy_value": None, "learned": {}}


def ended_trial(number: int, *, score: float, after: timedelta = timedelta(0)) -> optuna.trial.FrozenTrial:
    """A trial that took 90 seconds, each after the one before."""
    trial = create_trial(
        state=TrialState.COMPLETE,
        values=[score],
        params={"leaves": number + 2, "rate": 0.1},
        distributions={"leaves": IntDistribution(2, 99), "rate": FloatDistribution(0.01, 1)},
        user_attrs={"record": {**RECORD, "risk": [score]}},
    )
    trial.datetime_start = BEGAN + after + timedelta(seconds=90 * number)
    trial.datetime_complete = trial.datetime_start + timedelta(seconds=90)
    return trial


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow database without runs: making its tables takes longer than all that is written here."""
    folder = tmp_path_factory.mktemp("mlflow")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        mlflow_runs.client(folder)
    return folder / "mlflow.db"


@pytest.fixture
def searched(
    tmp_path: Path, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[optuna.Study, studies.TrialLog, MlflowClient]:
    """A study of six trials, the last three after a weekend, and its log in a new MLflow."""
    shutil.copyfile(empty, tmp_path / "mlflow.db")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    workspace = Workspace(tmp_path, "shop")
    study = studies.opened(workspace, name="shop-1", directions=["minimize"], metric="log_loss")
    for number in range(6):
        weekend = timedelta(days=2.5) if number > 2 else timedelta(0)
        study.add_trial(ended_trial(number, score=0.5 - number / 100, after=weekend))
    log = studies.logged(SimpleNamespace(name="shop"), workspace, study, observational=False)
    return study, log, mlflow_runs.client(tmp_path)


def nested(client: MlflowClient, log: studies.TrialLog) -> list:
    experiment = client.get_experiment_by_name("shop").experiment_id
    return client.search_runs([experiment], f"tags.`mlflow.parentRunId` = '{log.run_id}'", order_by=["start_time"])


def test_trials_are_nested_runs_with_parameters_and_figures_for_parallel_coordinates(searched: tuple) -> None:
    study, log, client = searched
    log.show(study.trials[5], seconds=1e6)
    runs = nested(client, log)
    assert [run.info.run_name for run in runs] == [f"trial {number:03}" for number in range(6)]
    for number, run in enumerate(runs):
        assert run.data.params == {"leaves": str(number + 2), "rate": "0.1"}
        assert run.data.metrics == {"score": pytest.approx(0.5 - number / 100)}
        assert run.info.status == "FINISHED"
        assert run.info.end_time - run.info.start_time == 90_000
    log.show(study.trials[5], seconds=1e6)
    assert len(nested(client, log)) == 6, "what is there is not written again"


def test_where_the_share_of_time_is_spent_only_the_best_is_a_nested_run(searched: tuple) -> None:
    study, log, client = searched
    log.show(study.trials[4], seconds=0.0)
    assert [run.info.run_name for run in nested(client, log)] == ["trial 004"]
    assert log.seconds > 0


@pytest.mark.parametrize(("seconds", "runs"), [(0.0, 1), (0.05, 3), (0.06, 3), (0.09, 5), (9.0, 6)])
def test_nested_runs_are_written_until_their_time_is_spent(
    searched: tuple, monkeypatch: pytest.MonkeyPatch, seconds: float, runs: int
) -> None:
    """Each takes two hundredths of a second here: one may end after the time, none begins after it."""
    study, log, client = searched
    clock, start = SimpleNamespace(now=0.0), mlflow_runs.start_run

    def slow(*args: Any, **options: Any) -> str:
        clock.now += 0.02
        return start(*args, **options)

    monkeypatch.setattr(mlflow_runs, "start_run", slow)
    monkeypatch.setattr(trial_runs, "time", SimpleNamespace(thread_time=lambda: clock.now))
    experiment = client.get_experiment_by_name("shop").experiment_id
    figures = {trial.number: {"score": trial.value} for trial in study.trials}
    asked = {"trials": study.trials, "figures": figures, "seconds": seconds}
    assert trial_runs.write(client, experiment, log.run_id, **asked) == runs == len(nested(client, log))


def test_all_trials_stand_in_the_run_of_the_study_however_short_they_were(searched: tuple) -> None:
    study, log, client = searched
    for trial in study.trials:
        log.write(trial)
    log.flush()
    run = client.get_run(log.run_id)
    assert {key for key in run.data.params if key.startswith("trial ")} == {f"trial {n:03}" for n in range(6)}
    assert {one.step for one in client.get_metric_history(log.run_id, "score")} == set(range(6))


def test_a_study_lasted_as_long_as_its_trials_and_not_the_weekend(searched: tuple, tmp_path: Path) -> None:
    study, log, client = searched
    table = tmp_path / "trials.csv"
    table.write_text("trial\n")
    assert trial_runs.lasted(study.trials) == 6 * 90
    log.end({"family": "logistic"}, figures={"score": 0.45}, table=table)
    run = client.get_run(log.run_id)
    assert run.data.metrics["search_seconds"] == 540
    assert run.info.end_time - run.info.start_time <= 540_000
    assert "Parallel" in run.data.tags["mlflow.note.content"]


def test_the_figures_of_a_study_have_names_and_are_named_once(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, "shop")
    for _ in range(2):
        study = studies.opened(workspace, name="s", directions=["minimize", "maximize"], metric="log_loss")
        assert study.metric_names == ["log_loss", "uplift"]


def test_a_run_says_which_rows_it_used_and_holds_no_copy(searched: tuple, tmp_path: Path) -> None:
    _, log, client = searched
    log.use(mlflow_runs.LoggedRows("shop", "0123456789abcdef", "data/matrix/shop", 1050, "training"))
    (used,) = client.get_run(log.run_id).inputs.dataset_inputs
    assert (used.dataset.name, used.dataset.digest) == ("shop", "0123456789abcdef")
    assert json.loads(used.dataset.source) == {"uri": "data/matrix/shop"}
    assert json.loads(used.dataset.profile) == {"num_rows": 1050}
    assert {tag.key: tag.value for tag in used.tags} == {"mlflow.data.context": "training"}
    assert not list((tmp_path / "mlartifacts").rglob("*.parquet"))


@pytest.mark.parametrize(
    ("origin", "link"),
    [
        ("https://github.com/team/shop.git", "[abc](https://github.com/team/shop/commit/abc)"),
        ("git@github.com:team/shop.git", "[abc](https://github.com/team/shop/commit/abc)"),
        ("https://me:hunter2hunter2@git.example/team/shop", "[abc](https://git.example/team/shop/commit/abc)"),
        ("/somewhere/shop", "abc"),
        (None, "abc"),
    ],
)
def test_a_commit_is_a_link_where_its_origin_has_pages_and_never_holds_a_secret(
    tmp_path: Path, origin: str | None, link: str
) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    if origin:
        subprocess.run(["git", "remote", "add", "origin", origin], cwd=tmp_path, check=True)
    assert describing.commit_link(tmp_path, "abc") == link
