"""Whether a run would only say again what the ledger answers: then nothing of it is done, nor loaded.

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
class Answer:
    """What a run says that changes nothing, its exit code, and the decision, its page and the report that it leaves."""

    told: str
    code: int
    decision: Mapping[str, Any]
    page: str
    report: str = ""


def answer(workspace: Workspace) -> Answer | None:
    """What this run is to say, which the run before it noted; None where anything was touched since."""
    note = unchanged.read(_note(workspace))
    if not note or not unchanged.is_as_left(workspace):
        return None
    first = first_look(workspace)
    seen = {**first, **registry_look(workspace), **_made(workspace)}
    return Answer(**note["answer"]) if first and note.get("seen") == seen else None


def leave(workspace: Workspace, answer: Answer) -> None:
    """Leave the decision that a run leaves which gives this answer; the next run gives it again."""
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
    """What a run looks at before it begins, and does not change: the code and the spec.

    Empty where registry or ledger lie where there are no files to look at. MLflow sets a variable itself, later.
    """
    return {} if any(os.environ.get(name) for name in ELSEWHERE) else _unchanging(workspace)


def _unchanging(workspace: Workspace) -> unchanged.Seen:
    return unchanged.seen(workspace.root, [*CODE, str(workspace.spec_file.relative_to(workspace.root))])


def registry_look(workspace: Workspace) -> unchanged.Seen:
    """The registry, the ledger and the models, which a run looks at once it has decided, before it asks them again."""
    databases = [f"mlflow.db{end}" for end in ("", "-wal", "-journal")]
    return unchanged.seen(workspace.root, [*databases, f"mlartifacts/{workspace.spec}"])


def note(workspace: Workspace, answer: Answer, *, first: unchanged.Seen, decided: unchanged.Seen) -> None:
    """Note that the next run has this answer; nothing is noted where this run, or anybody meanwhile, changed a file.

    first is the first look of this run, decided its look at the registry before it asked there for the answer.
    """
    if not first or {**_unchanging(workspace), **registry_look(workspace)} != {**first, **decided}:
        return
    seen = {**first, **decided, **_made(workspace)}
    storage.write_json(_note(workspace), {"answer": asdict(answer), "seen": seen})


def _made(workspace: Workspace) -> unchanged.Seen:
    """What the run itself has made."""
    return unchanged.seen(workspace.root, [str(workspace.artifacts.relative_to(workspace.root))])


def _note(workspace: Workspace) -> Path:
    return workspace.state / "repeated.json"
