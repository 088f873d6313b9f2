"""DVC's default remote: asked whether it answers, and the files of a spec copied from it and to it."""

import os
import subprocess
import sys
from pathlib import Path

from pipelines.dvc import dvc_process, lock_file, remote_child, remote_errors
from pipelines.dvc.remote_errors import Remote
from pipelines.workspace import Workspace

# What the process may take beside the time that the remote has.
STARTS_SECONDS = 20


def asked(root: Path) -> Remote:
    """What the remote of a checkout answers, asked in a process of its own without a terminal; nothing is changed."""
    seconds = remote_child.SECONDS + STARTS_SECONDS
    try:
        ended = subprocess.run(
            [sys.executable, "-P", remote_child.__file__, str(root / ".dvc")],
            cwd=root,
            env={**os.environ, "DVC_NO_ANALYTICS": "true"},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Remote(fault=f"it did not answer within {seconds} s", remedy="see that its server runs")
    lost = "" if ended.returncode == 0 else remote_child.FAULT + ended.stderr.strip().rpartition("\n")[2]
    return remote_errors.read(f"{ended.stdout}\n{lost}")


def pull(workspace: Workspace) -> Remote:
    """Bring what the lock and the `.dvc` files of a spec name; files that the remote lacks are left out.

    Gives the remote, without a name where there is none. Raises what its refusal means.
    """
    return _copied(workspace, "pull", "--allow-missing")


def push(workspace: Workspace) -> Remote:
    """Copy the same to the remote. Gives and raises as `pull`."""
    return _copied(workspace, "push")


def _copied(workspace: Workspace, *words: str) -> Remote:
    if not (wanted := targets(workspace)):
        found = asked(workspace.root)
    else:
        code, said = dvc_process.run(workspace.root, *words, *wanted)
        if remote_child.NONE in said.splitlines():
            return Remote()
        found = remote_errors.read(said if code == 0 else f"{said}\n{_unexplained(code, said)}")
    if found.fault:
        raise found.error
    return found


def _unexplained(code: int, said: str) -> str:
    return "" if remote_child.FAULT in said else f"{remote_child.FAULT}DVC ended with code {code}"


def targets(workspace: Workspace) -> list[str]:
    """What a spec has of DVC's data, and no other spec: its stages in the lock, raw data, and a pinned reader."""
    stages = [name for name in lock_file.stages(workspace.root) if name.partition("@")[2] == workspace.spec]
    known = [place.with_name(f"{place.name}.dvc") for place in (workspace.raw, workspace.reader)]
    return [*stages, *(str(one.relative_to(workspace.root)) for one in known if one.is_file())]
