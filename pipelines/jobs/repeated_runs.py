"""Skipping a run whose inputs are unchanged: it repeats the previous run's answer without loading anything.

A run notes what the next one would say if nothing changed, and all that it would look at: the graph, the code, the
registry, ledger and models where they lie in the checkout, and what is in its folders. Another run's word in the same
database is a change, too.
"""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipelines.files import storage
from pipelines.jobs import unchanged
from pipelines.workspace import Workspace

# Where one of these leads elsewhere, there are no files to look at.
ELSEWHERE = ("MLFLOW_TRACKING_URI", "HOLDFAST_LEDGER_URI")
CODE = ("features", "experiments", "pipelines")


@dataclass(frozen=True)
class RepeatedAnswer:
    """The answer of a run that changes nothing: lines, exit code, and the decision, page and report that it writes."""

    told: str
    code: int
    decision: Mapping[str, Any]
    page: str
    report: str = ""


def answer(workspace: Workspace) -> RepeatedAnswer | None:
    """The answer that the previous run noted for this one; None where any input changed since."""
    note = unchanged.read(_note(workspace))
    if not note or not unchanged.is_as_left(workspace):
        return None
    first = first_look(workspace)
    seen = {**first, **registry_look(workspace), **_made(workspace)}
    return RepeatedAnswer(**note["answer"]) if first and note.get("seen") == seen else None


def leave(workspace: Workspace, answer: RepeatedAnswer) -> None:
    """Write the decision of this answer; the next run gives the same again."""
    if unchanged.read(workspace.decision) == answer.decision:
        return
    note = unchanged.read(_note(workspace))
    made = _made(workspace)
    kept = {name: one for name, one in note["seen"].items() if name not in made}
    storage.write_json(workspace.decision, answer.decision)
    storage.write_bytes(workspace.decision_page, answer.page.encode())
    if answer.report:
        storage.write_bytes(workspace.report_page, answer.report.encode())
    storage.write_json(_note(workspace), {**note, "seen": {**kept, **_made(workspace)}})


def first_look(workspace: Workspace) -> unchanged.Seen:
    """The inputs that a run does not change: code and spec.

    Empty where registry or ledger lie where there are no files to look at. MLflow sets a variable itself, later.
    """
    return {} if any(os.environ.get(name) for name in ELSEWHERE) else _unchanging(workspace)


def _unchanging(workspace: Workspace) -> unchanged.Seen:
    said = (workspace.spec_file, workspace.alerts, workspace.playbooks)
    return unchanged.seen(workspace.root, [*CODE, *(str(path.relative_to(workspace.root)) for path in said)])


def registry_look(workspace: Workspace) -> unchanged.Seen:
    """Registry, ledger and models, which a run reads again after its decision."""
    databases = [f"mlflow.db{end}" for end in ("", "-wal", "-journal")]
    return unchanged.seen(workspace.root, [*databases, f"mlartifacts/{workspace.spec}"])


def note(workspace: Workspace, answer: RepeatedAnswer, *, first: unchanged.Seen, decided: unchanged.Seen) -> None:
    """Note this answer for the next run, unless a file changed during this run.

    first is the first look of this run, decided its look at the registry before it asked there for the answer.
    """
    if not first or {**_unchanging(workspace), **registry_look(workspace)} != {**first, **decided}:
        return
    seen = {**first, **decided, **_made(workspace)}
    storage.write_json(_note(workspace), {"answer": asdict(answer), "seen": seen})


def _made(workspace: Workspace) -> unchanged.Seen:
    """What the run itself has written."""
    return unchanged.seen(workspace.root, [str(workspace.artifacts.relative_to(workspace.root))])


def _note(workspace: Workspace) -> Path:
    return workspace.state / "repeated.json"
