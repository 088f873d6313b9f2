"""What a spec has of DVC's data, copied from DVC's remote and to it."""

from features.errors import MissingError
from pipelines.dvc import dvc_process, lock_file, remote_child, remotes
from pipelines.dvc.remote_errors import Remote
from pipelines.processes import run_lock
from pipelines.workspace import Workspace


def pull(workspace: Workspace) -> Remote:
    """Bring what the lock and the `.dvc` files of a spec name; what the remote lacks is left out.

    Gives the remote, without a name where there is none. Raises MissingError where there is no such spec, and what a
    refusal means. What the spec says is no matter, nor whether it can be read.
    """
    return _copied(workspace, "pull", "--allow-missing")


def push(workspace: Workspace) -> Remote:
    """Copy the same to the remote. Gives and raises as `pull`."""
    return _copied(workspace, "push")


def _copied(workspace: Workspace, *words: str) -> Remote:
    if not workspace.spec_file.is_file():
        known = sorted(path.stem for path in workspace.specs.glob("*.yaml"))
        raise MissingError(f"no spec '{workspace.spec}' in {workspace.specs}; there are {known}.")
    with run_lock.held(workspace.root, f"store {words[0]} {workspace.spec}"):
        if wanted := targets(workspace):
            code, said = dvc_process.run(workspace.root, *words, *wanted)
            found = Remote() if remote_child.NONE in said.splitlines() else remotes.read(code, said)
        else:
            found = remotes.asked(workspace.root)
    if found.fault:
        raise found.error
    return found


def targets(workspace: Workspace) -> list[str]:
    """What a spec has of DVC's data, and no other spec: its stages in the lock, raw data, and a pinned reader."""
    stages = [name for name in lock_file.stages(workspace.root) if name.partition("@")[2] == workspace.spec]
    known = [place.with_name(f"{place.name}.dvc") for place in (workspace.raw, workspace.reader)]
    return [*stages, *(str(one.relative_to(workspace.root)) for one in known if one.is_file())]
