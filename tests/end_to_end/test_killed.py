"""A search that is killed loses nothing."""

import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.end_to_end.repository import Repository, environment

TRIALS = 9


@pytest.fixture(scope="module")
def built(tiny_built: Repository) -> Repository:
    """A copy in which everything up to the search is done."""
    tiny_built.spec("demo", "demo", tuning={"trials": TRIALS})
    return tiny_built


def finished(database: Path) -> int:
    if not database.exists():
        return 0
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        try:
            return int(
                connection.execute("select count(*) from trials where state in ('COMPLETE', 'PRUNED')").fetchone()[0]
            )
        except sqlite3.OperationalError:
            return 0


def states(repository: Repository) -> list[str]:
    with closing(sqlite3.connect(repository.root / "state/demo/study.db")) as connection:
        return [row[0] for row in connection.execute("select state from trials order by number")]


@pytest.fixture(scope="module")
def undisturbed(built: Repository) -> dict[str, bytes]:
    """What the search writes when nothing happens to it."""
    ended = built.act("tune", "demo")
    assert ended.returncode == 0, ended.stderr
    return written(built)


def written(repository: Repository) -> dict[str, bytes]:
    return {
        name: (repository.root / "artifacts/demo/tuning" / name).read_bytes() for name in ("best.json", "trials.csv")
    }


def test_a_search_that_is_killed_twice_goes_on_and_ends_with_the_same_best(
    built: Repository, undisturbed: dict[str, bytes]
) -> None:
    """It is killed among its starting points, and again among the trials that are sampled."""
    for folder in ("state", "artifacts"):
        shutil.rmtree(built.root / folder)
    for after in (1, 6):
        running = subprocess.Popen(
            [sys.executable, "-m", "pipelines", "tune", "demo"], cwd=built.root, env=environment()
        )
        deadline = time.monotonic() + 240
        while finished(built.root / "state/demo/study.db") < after and time.monotonic() < deadline:
            time.sleep(0.05)
        running.send_signal(signal.SIGKILL)
        running.wait()
        lost = states(built)
        assert after <= len(lost) < TRIALS
        assert set(lost) <= {"COMPLETE", "PRUNED"}  # nothing is half-tried
    resumed = built.act("tune", "demo")
    assert resumed.returncode == 0, resumed.stderr
    assert len(states(built)) == TRIALS
    assert written(built) == undisturbed
    assert tracked_trials(built) == TRIALS


def tracked_trials(repository: Repository) -> int:
    """How many trials of the resumed study MLflow holds; its run must have ended well."""
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{repository.root}/mlflow.db")
    experiment = client.get_experiment_by_name("demo")
    assert experiment is not None
    study = client.search_runs(
        [experiment.experiment_id], "tags.`mlflow.runName` LIKE 'study %'", order_by=["start_time DESC"]
    )[0]
    assert study.info.status == "FINISHED"
    return sum(key.startswith("trial ") for key in study.data.params)
