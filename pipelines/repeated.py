"""Whether a run would only say again what the one before said: then nothing of it is done, nor loaded.

Noted is a run that changed nothing, with all that it looked at: the graph, the code, the registry, ledger and models
where they lie in the checkout, and what is in its folders. Another run's word in the same database is a change, too.
"""

import os
from pathlib import Path

from pipelines import storage, unchanged
from pipelines.workspace import Workspace

# Where one of these leads elsewhere, there are no files to look at.
ELSEWHERE = ("MLFLOW_TRACKING_URI", "HOLDFAST_LEDGER_URI")
CODE = ("features", "experiments", "pipelines")


def told(workspace: Workspace) -> str | None:
    """What the run before told, which changed nothing; None where anything was touched since."""
    note = unchanged.read(_note(workspace))
    if not note or not unchanged.is_as_left(workspace):
        return None
    first = first_look(workspace)
    seen = {**first, **registry_look(workspace), **_made(workspace)}
    return str(note["told"]) if first and note.get("seen") == seen else None


def first_look(workspace: Workspace) -> unchanged.Seen:
    """What a run looks at before it begins, and does not change: code, spec and models.

    Empty where registry or ledger lie where there are no files to look at. MLflow sets a variable itself, later.
    """
    return {} if any(os.environ.get(name) for name in ELSEWHERE) else _unchanging(workspace)


def _unchanging(workspace: Workspace) -> unchanged.Seen:
    spec = str(workspace.spec_file.relative_to(workspace.root))
    return unchanged.seen(workspace.root, [*CODE, spec, f"mlartifacts/{workspace.spec}"])


def registry_look(workspace: Workspace) -> unchanged.Seen:
    """The registry and the ledger; a decision takes a lease there, so a run looks at them as soon as it has decided."""
    return unchanged.seen(workspace.root, [f"mlflow.db{end}" for end in ("", "-wal", "-journal")])


def note(workspace: Workspace, said: str, *, first: unchanged.Seen, decided: unchanged.Seen) -> None:
    """Note that a run which told this has ended well; nothing is noted where it, or anybody meanwhile, changed a file.

    first is its first look, decided its look at the registry once it had decided.
    """
    if not first or {**_unchanging(workspace), **registry_look(workspace)} != {**first, **decided}:
        return
    seen = {**first, **decided, **_made(workspace)}
    storage.write_json(_note(workspace), {"told": said, "seen": seen})


def _made(workspace: Workspace) -> unchanged.Seen:
    """What the run itself has made."""
    return unchanged.seen(workspace.root, [str(workspace.artifacts.relative_to(workspace.root))])


def _note(workspace: Workspace) -> Path:
    return workspace.state / "repeated.json"
