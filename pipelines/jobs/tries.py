"""Tries: a spec with some values changed, run up to `evaluate` side by side, and compared with the workspace."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from threading import Event
from typing import Any

from experiments.spec import ExperimentSpec
from features.errors import HoldfastError, UsageError
from pipelines.files import storage
from pipelines.jobs import worktrees
from pipelines.messages import log
from pipelines.processes import processes
from pipelines.servers import addresses, databases, mlflow_runs
from pipelines.specs.changes import Changed
from pipelines.workspace import Workspace

GRACE_SECONDS = 10.0
LONGEST_NAME = 40
# What a try says of itself besides what git and DVC keep.
KEPT = "tries.json"


@dataclass(frozen=True)
class Try:
    """The result of a try: its experiment, its changes, and its figures with intervals or the reason for none."""

    name: str
    changes: tuple[str, ...]
    at: str
    commit: str
    figures: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    failed: str = ""
    code: int = 0


class Running:
    """The processes of tries, which end together; variables is their environment."""

    def __init__(self, variables: Mapping[str, str], *, python: str = sys.executable) -> None:
        self.variables, self.python = variables, python
        self._found: list[subprocess.Popen[str]] = []
        self.over = Event()

    def start(self, tree: Path, words: Sequence[str]) -> subprocess.Popen[str]:
        """Start a process in a tree, with readable output. Raises UsageError after a stop."""
        if self.over.is_set():
            raise UsageError("stopped before it started.")
        site = {"DVC_SITE_CACHE_DIR": str(tree / ".dvc" / "tmp" / "site")}
        began = subprocess.Popen(
            [self.python, "-m", "pipelines", *words],
            cwd=tree,
            env={**self.variables, **site},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="backslashreplace",
            process_group=0,
        )
        self._found.append(began)
        return began

    def end(self) -> None:
        """Stop all processes, and kill those that do not end."""
        self.over.set()
        for number in (signal.SIGTERM, signal.SIGKILL):
            for one in self._found:
                if one.poll() is None:
                    one.send_signal(number)
            for one in self._found:
                with suppress(subprocess.TimeoutExpired):
                    one.wait(GRACE_SECONDS)


def run(spec: ExperimentSpec, workspace: Workspace, changed: Sequence[Changed], *, at_once: int) -> list[Try]:
    """Run every changed spec in its own work tree, so many at once; results in their order.

    Each that ends well is a DVC experiment of the commit that is checked out. Nothing of the checkout is written but
    `state`, DVC's cache and MLflow's runs. One that fails does not stop the others.
    """
    worktrees.check(workspace.root)
    cache = worktrees.cache(workspace)
    running = Running(_variables(spec, workspace))
    with ThreadPoolExecutor(max_workers=at_once) as pool:
        try:
            waiting = [pool.submit(_tried, spec, workspace, one, running, cache) for one in changed]
            return [one.result() for one in waiting]
        finally:
            running.end()
            pool.shutdown(cancel_futures=True)


def _variables(spec: ExperimentSpec, workspace: Workspace) -> dict[str, str]:
    """The environment of tries: the checkout's tracking, and the mark that ends them with this process."""
    client = mlflow_runs.client(workspace.root)
    mlflow_runs.experiment_id(client, workspace.root, spec.name)  # here, so that its artifacts lie in the checkout
    where = addresses.tracking(workspace.root)
    path = databases.sqlite_path(where)
    if path is not None and not path.is_absolute():
        where = f"sqlite:///{workspace.root / path}"
    return {**os.environ, addresses.TRACKING: where, processes.RUN: processes.mark()}


def _tried(spec: ExperimentSpec, workspace: Workspace, changed: Changed, running: Running, cache: str) -> Try:
    now = datetime.now(UTC)
    name = _name(spec.name, changed, now)
    made = Try(name, changed.words, now.isoformat(timespec="seconds"), "")
    try:
        with worktrees.beside(workspace.root, name) as tree:
            there = Workspace(tree, spec.name)
            storage.write_bytes(there.spec_file, changed.text.encode())
            worktrees.fill(workspace, tree, cache=cache)
            code, said = ran(running, there, changed.name)
            if code:
                return Try(**{**asdict(made), "failed": said[-1] if said else "it said nothing", "code": code})
            figures = figures_of(there)
            words = " ".join(changed.words) or "as it is"
            commit = worktrees.keep(workspace.root, tree, name, message=f"try {spec.name} {words}")
    except HoldfastError as error:
        return Try(**{**asdict(made), "failed": str(error), "code": error.exit_code})
    return Try(**{**asdict(made), "figures": figures, "commit": commit})


def ran(running: Running, there: Workspace, name: str) -> tuple[int, list[str]]:
    """Run the stages in a tree, and print their lines with the try's name; gives the exit code and the last message."""
    said: list[str] = []
    with running.start(there.root, ["run", there.spec, "--unregistered"]) as began:
        said.extend(filter(None, (log.passed_on(line, name) for line in began.stdout or ())))
    return began.returncode, said


def _name(spec: str, changed: Changed, now: datetime) -> str:
    """A name that is valid for git and DVC and not used by another try."""
    short = re.sub(r"[^\w=.+-]+", "-", changed.name.replace(", ", "_")).strip("-.")[:LONGEST_NAME].rstrip("-.")
    digest = sha256(f"{changed.text}{now.isoformat()}".encode()).hexdigest()[:5]
    return re.sub(r"\.{2,}", ".", f"{spec}-{short}-{digest}")


def figures_of(workspace: Workspace) -> dict[str, dict[str, float]]:
    """The main figures of the last evaluation with 95 % intervals; none of actions that were not randomised."""
    path = workspace.evaluation / "report.json"
    if not path.is_file():
        return {}
    found = _figures(storage.read_json(path))
    return {name: {key: one[key] for key in ("value", "low", "high")} for name, one in found}


def _figures(report: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    from pipelines.reporting import effects  # not at the top: a wrong key is told at once

    for name, title in (("auc", "AUC"), ("brier", "Brier score")):
        if report["risk"].get(name, {}).get("value") is not None:
            yield title, report["risk"][name]
    if not effects.is_randomised(report):
        return
    for action, one in report["uplift"]["actions"].items():
        yield f"QINI {action}", one["figures"]["qini"]
    if report["policy"]:
        yield f"policy value a customer ({report['spec']['currency']})", report["policy"]["value"]


def kept(workspace: Workspace) -> list[Try]:
    """The tries of this checkout that DVC still has as experiments, oldest first."""
    found = storage.read_receipt(workspace.state / KEPT) or []
    there = set(worktrees.git(workspace.root, "for-each-ref", "--format=%(objectname)", "refs/exps").split())
    return [Try(**{**one, "changes": tuple(one["changes"])}) for one in found if one["commit"] in there]


def remember(workspace: Workspace, made: Sequence[Try]) -> None:
    """Keep the figures of tries beside their experiments."""
    plain = [asdict(one) for one in [*kept(workspace), *made] if one.commit]
    storage.write_json(workspace.state / KEPT, json.loads(json.dumps(plain)))


def state_of(spec: ExperimentSpec, workspace: Workspace) -> str:
    """Whether the workspace's figures belong to the current spec."""
    path = workspace.evaluation / "report.json"
    if not path.is_file():
        return "not evaluated"
    return "as it is" if storage.read_json(path)["spec"] == spec.model_dump(mode="json") else "of an earlier spec"
