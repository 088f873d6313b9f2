"""DVC as a child process that ends with this one, with its output kept apart from the stages'."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pipelines.dvc import remote_child
from pipelines.messages import log, masking
from pipelines.processes import processes

LOG = "dvc.log"
RWLOCK = Path(".dvc", "tmp", "rwlock")
# How long a stage that was asked to stop may take to say so before it is ended.
GRACE_SECONDS = 10.0


def run(root: Path, *words: str, variables: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Run DVC; gives its exit code and output, which is also kept in `state/dvc.log` where there is room.

    variables are set beside those of the environment. DVC has a process group of its own, so that a Ctrl-C reaches us
    alone; we hand it on to all that DVC started. What asks a remote has no terminal either: nobody is there to type a
    password.
    """
    _clear_stale(root / RWLOCK)
    reading, writing = os.pipe()
    with os.fdopen(reading, encoding="utf-8", errors="backslashreplace") as told:
        command = [sys.executable, "-m", "pipelines.dvc.dvc_child", str(writing), *words]
        environment = {**_environment(), **(variables or {})}
        alone: dict[str, Any] = {"process_group": 0}
        if words[0] in remote_child.ASKING:
            alone = {"start_new_session": True, "stdin": subprocess.DEVNULL}
        with subprocess.Popen(command, cwd=root, env=environment, pass_fds=(writing,), **alone) as running:
            try:
                os.close(writing)
                said = "".join(_heard(told))
                code = running.wait()
            finally:
                if running.poll() is None:
                    _end(running)
    with suppress(OSError):
        (root / "state").mkdir(exist_ok=True)
        (root / "state" / LOG).write_text(masking.mask(said), encoding="utf-8")
    return code, said


def _heard(told: Iterable[str]) -> Iterator[str]:
    """DVC's output, line by line; with --verbose it is shown as it comes."""
    for line in told:
        if line.strip():
            log.detail(f"dvc: {line.rstrip()}")
        yield line


def _environment() -> dict[str, str]:
    """The environment for DVC: our own, with our Python first on the path and our mark for child processes."""
    here = str(Path(sys.executable).parent)
    path = f"{here}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**os.environ, "PATH": path, "DVC_NO_ANALYTICS": "true", processes.RUN: processes.mark()}


def _end(running: subprocess.Popen[bytes]) -> None:
    """Ask DVC and its stage to stop, and kill what does not."""
    try:
        _signal(running, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            running.wait(GRACE_SECONDS)
    finally:
        _signal(running, signal.SIGKILL)


def _signal(running: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(running.pid, number)


def _clear_stale(path: Path) -> None:
    """Remove a killed DVC's entries from its list of busy paths; a corrupt list is removed whole.

    DVC sees to it itself where nobody has the dead process's number. Nobody else of this checkout is at work: the run
    holds its lock.
    """
    left = _left(path)
    if left is None:
        path.unlink(missing_ok=True)
    elif left[0] != left[1]:
        path.write_text(json.dumps(left[1]))


def has_stale(root: Path) -> bool:
    """Whether DVC's list of busy paths is corrupt, or names a process that is gone; the next run of DVC clears it."""
    left = _left(root / RWLOCK)
    return left is None or left[0] != left[1]


def _left(path: Path) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """The list of busy paths, and what of it a living DVC holds; None where it is corrupt."""
    try:
        found = json.loads(path.read_text())
        return found, {mode: _kept(busy) for mode, busy in found.items()}
    except FileNotFoundError:
        return {}, {}
    except (ValueError, AttributeError, TypeError, KeyError):
        return None


def _kept(busy: dict[str, Any]) -> dict[str, Any]:
    """Of the busy paths of one mode, those of a living DVC: a list of readers, or one writer."""
    found: dict[str, Any] = {}
    for path, holders in busy.items():
        if isinstance(holders, list):
            living = [one for one in holders if _is_dvc(int(one["pid"]))]
            found |= {path: living} if living else {}
        elif holders and _is_dvc(int(holders["pid"])):
            found[path] = holders
    return found


def _is_dvc(pid: int) -> bool:
    """Whether the process of this number exists and may be DVC."""
    if processes.started(pid) is None:
        return False
    try:
        return b"dvc" in (processes.PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return True
