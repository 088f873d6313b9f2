"""Runs of MLflow end with their block, however it is stopped."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow import MlflowClient

from pipelines.processes import stopping
from pipelines.servers import mlflow_runs

pytestmark = pytest.mark.usefixtures("stops")


@pytest.fixture
def stops(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """SIGTERM is heard as in a command, and as before afterwards."""
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(stopping.Stopping, "asked", False)
    signal.signal(signal.SIGTERM, stopping._stop)
    yield
    signal.signal(signal.SIGTERM, before)


def test_a_stop_in_the_moment_in_which_a_run_begins_leaves_none_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = mlflow_runs.client(tmp_path)
    mlflow.set_tracking_uri(mlflow_runs.uri(tmp_path))
    experiment = mlflow_runs.experiment_id(client, tmp_path, "shop")
    create = MlflowClient.create_run

    def struck(self: MlflowClient, *args: Any, **kwargs: Any) -> Any:
        made = create(self, *args, **kwargs)
        signal.raise_signal(signal.SIGTERM)
        return made

    monkeypatch.setattr(MlflowClient, "create_run", struck)
    with (
        pytest.raises(KeyboardInterrupt),
        mlflow_runs.active_run(experiment, name="challenger", tags={"made": "here"}),
    ):
        pytest.fail("it was asked to stop before")
    monkeypatch.undo()
    (run,) = client.search_runs([experiment])
    assert run.info.status == "FAILED"
    assert run.data.tags["made"] == "here"
    assert mlflow.active_run() is None


def test_a_stop_is_held_back_to_the_end_of_a_block_and_no_further() -> None:
    seen = []

    def work() -> None:
        with stopping.held_back():
            signal.raise_signal(signal.SIGTERM)
            seen.append("the rest of the block")

    for times in (1, 2):  # the second time one was asked for, and swallowed by a library, before
        with pytest.raises(KeyboardInterrupt):
            work()
        assert seen == ["the rest of the block"] * times
    with stopping.held_back():
        seen.append("a block that nobody stops")
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)


# Of some 1,700 statements with which MLflow makes its database.
KILLED_AT = 800
KILLED = """
import os, signal, sys
from pathlib import Path
import sqlalchemy as sa
from pipelines.servers import mlflow_runs

left = iter(range(int(sys.argv[2])))

def strike(*_):
    if next(left, None) is None:
        os.kill(os.getpid(), signal.SIGKILL)

sa.event.listen(sa.Engine, "before_cursor_execute", strike)
mlflow_runs.client(Path(sys.argv[1]))
"""


def test_who_was_killed_while_making_the_database_is_followed_by_one_who_makes_it(tmp_path: Path) -> None:
    """MLflow's migrations are no transaction in SQLite: half of them done, they can neither go on nor begin anew."""
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), str(KILLED_AT)], check=False, capture_output=True
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    client = mlflow_runs.client(tmp_path)
    assert mlflow_runs.experiment_id(client, tmp_path, "shop") == "1"
    assert [path.name for path in tmp_path.glob("mlflow.db*")] == ["mlflow.db"]
