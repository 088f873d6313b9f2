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
    looked_at = first_look(workspace)
    return str(note["told"]) if looked_at and note.get("seen") == {**looked_at, **_made(workspace)} else None


def first_look(workspace: Workspace) -> unchanged.Seen:
    """What a run looks at, before it has: MLflow sets the variables itself. Empty where they lead elsewhere."""
    return {} if any(os.environ.get(name) for name in ELSEWHERE) else _looked_at(workspace)


def _looked_at(workspace: Workspace) -> unchanged.Seen:
    """The files that a run looks at and that are not its own: code, spec, registry, ledger and models."""
    databases = [f"mlflow.db{end}" for end in ("", "-wal", "-journal")]
    spec = str(workspace.spec_file.relative_to(workspace.root))
    return unchanged.seen(workspace.root, [*CODE, spec, *databases, f"mlartifacts/{workspace.spec}"])


def note(workspace: Workspace, said: str, *, first: unchanged.Seen) -> None:
    """Note that a run which told this has ended well; nothing is noted where it, or anybody meanwhile, changed a file.

    first is its first look.
    """
    if first and _looked_at(workspace) == first:
        seen = {**first, **_made(workspace)}
        storage.write_json(_note(workspace), {"told": said, "seen": seen})


def _made(workspace: Workspace) -> unchanged.Seen:
    """What the run itself has made."""
    return unchanged.seen(workspace.root, [str(workspace.artifacts.relative_to(workspace.root))])


def _note(workspace: Workspace) -> Path:
    return workspace.state / "repeated.json"
