"""Runs that are killed at random moments, and all that the run after them leaves."""

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from numpy.random import Generator

from pipelines.champion import ledger
from pipelines.workspace import Workspace
from tests.end_to_end.repository import Repository, environment

# They say when they were written, and of which run of MLflow.
DATED = ("decision.html", "decision.json", "registration.json", "report.html")
# Within them an undisturbed run of the small table ends, on a machine at rest.
LONGEST_SECONDS = 9.0


def killed(root: Path, spec: str, after_seconds: float) -> bool:
    """Start a run and kill it, by force, after so many seconds; whether it was still at work."""
    running = subprocess.Popen(
        [sys.executable, "-m", "pipelines", "run", spec],
        cwd=root,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
    )
    try:
        running.wait(after_seconds)
    except subprocess.TimeoutExpired:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        return True
    return False


def left(root: Path, spec: str) -> dict[str, Any]:
    """Every file of the spec by its hash but for DATED ones, and what registry, tracking and ledger hold."""
    artifacts = Workspace(root, spec).artifacts
    files = {
        str(path.relative_to(artifacts)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(artifacts.rglob("*"))
        if path.is_file() and path.name not in DATED
    }
    address = f"sqlite:///{root}/mlflow.db"
    client = MlflowClient(address, address)
    experiment = client.get_experiment_by_name(spec)
    runs = client.search_runs([experiment.experiment_id], "tags.`mlflow.runName` = 'challenger'") if experiment else []
    return {
        "files": files,
        "versions": [one.version for one in client.search_model_versions(f"name = '{spec}'")],
        "champion": client.get_registered_model(spec).aliases["champion"],
        "finished": sum(run.info.status == "FINISHED" for run in runs),
        "at work": sum(run.info.status == "RUNNING" for run in runs),
        "decisions": [
            [entry.body[key] for key in ("kind", "verdict", "champion_version", "model_digest")]
            for entry in ledger.opened(root).entries(spec)
        ],
    }


def kill_at_random(
    make: Callable[[], Repository],
    spec: str,
    times: int,
    rng: Generator,
    *,
    longest_seconds: float = LONGEST_SECONDS,
) -> list[dict[str, Any]]:
    """Kill runs so many times, and let the next one end; what each checkout holds then.

    A checkout whose run was killed is run again, and maybe killed again; where a run ended before, another is made.
    Kills come within longest_seconds: where an undisturbed run takes longer, hardly any ends between them.
    """
    found, repository, kills = [], make(), 0
    while kills < times:
        if killed(repository.root, spec, rng.uniform(0.3, longest_seconds)):
            kills += 1
            continue
        found.append(left(repository.root, spec))
        repository = make()
    ended = repository.run("run", spec)
    assert ended.returncode == 0, ended.stderr
    return [*found, left(repository.root, spec)]
