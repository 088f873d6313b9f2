"""The lock of a checkout, so that one process at a time writes its files."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path

from features.errors import StorageError, UsageError
from pipelines.processes import processes

NAME = "run.lock"
# Between taking the lock and signing it lie some microseconds.
SIGNED_WITHIN_SECONDS = 1.0


@contextmanager
def held(root: Path, what: str) -> Iterator[None]:
    """A block during which no other process writes this checkout's files; what describes it.

    The operating system takes the lock from a process that ends, however it ends, so that nobody has to remove it; the
    words in the file only say who holds it. A stage that a run started is part of the run. Raises UsageError when
    another holds it, StorageError when the folder cannot be written.
    """
    path = root / "state" / NAME
    if _is_of_our_run(path):
        yield
        return
    try:
        path.parent.mkdir(exist_ok=True)
        file = path.open("a+")
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror}; the checkout's folder must be writable.") from error
    with file:
        _take(file, path)
        _sign(file, what)
        before = os.environ.get(processes.RUN)
        os.environ[processes.RUN] = processes.mark()
        try:
            yield
        finally:
            _restore(before)
            file.truncate(0)


def _restore(before: str | None) -> None:
    if before is None:
        os.environ.pop(processes.RUN, None)
    else:
        os.environ[processes.RUN] = before


def _take(file: TextIOWrapper, path: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise UsageError(f"another run is at work ({_holder(path)}); wait until it has ended, or end it.") from error
    except OSError as error:
        raise StorageError(f"cannot lock {path}: {error.strerror}; the file system must support locks.") from error


def _sign(file: TextIOWrapper, what: str) -> None:
    """Write the holder into the lock file; a full disk is ignored."""
    told = {"what": what, "since": datetime.now(UTC).isoformat(timespec="seconds"), "mark": processes.mark()}
    file.truncate(0)
    file.write(json.dumps({**told, "pid": os.getpid()}))
    file.flush()


def _holder(path: Path) -> str:
    """The holder, by the file."""
    until = time.monotonic() + SIGNED_WITHIN_SECONDS
    while not (told := _told(path)) and time.monotonic() < until:
        time.sleep(0.05)
    return f"process {told['pid']} since {told['since']}: {told['what']}" if told else "it has not said which"


def _told(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and {"pid", "since", "what", "mark"} <= found.keys() else {}


def left(root: Path) -> str:
    """The words of a lock whose process ended without a word, such as `run demo`; empty where there is none."""
    told = _told(root / "state" / NAME)
    pid, _, since = told.get("mark", "").partition(" ")
    return "" if not told or (pid.isdecimal() and processes.started(int(pid)) == since) else told["what"]


def _is_of_our_run(path: Path) -> bool:
    """Whether the lock's holder started this process."""
    mark = os.environ.get(processes.RUN)
    pid, _, since = (mark or "").partition(" ")
    return pid.isdecimal() and _told(path).get("mark") == mark and processes.started(int(pid)) == since
