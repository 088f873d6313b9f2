"""A temporary folder for each command, removed by the command or the next one."""

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from features.errors import StorageError
from pipelines.processes import processes
from pipelines.processes.processes import Process

PREFIX = "holdfast-run-"
OWNER = "owner.json"
# A folder without an owner is being made, or its maker was killed that moment.
UNOWNED_SECONDS = 60.0


@contextmanager
def own() -> Iterator[None]:
    """A block in which temporary files of this process and its children are in one folder.

    A stage of a run uses the run's. What killed commands left is removed first. Raises StorageError where there is no
    room for the folder.
    """
    before = os.environ.get("TMPDIR")
    if processes.is_of_a_run(os.environ) and Path(before or "").name.startswith(PREFIX):
        yield
        return
    try:
        _clear(Path(tempfile.gettempdir()))
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        (folder / OWNER).write_text(json.dumps(processes.this().to_dict()))
    except OSError as error:
        raise StorageError(
            f"no temporary file can be written: {error.strerror}; make room, or set TMPDIR to a folder that has some."
        ) from error
    kept = tempfile.tempdir
    os.environ["TMPDIR"], tempfile.tempdir = str(folder), None
    try:
        yield
    finally:
        tempfile.tempdir = kept
        if before is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before
        shutil.rmtree(folder, ignore_errors=True)


def _clear(place: Path) -> None:
    """Remove this user's folders of dead processes."""
    for folder in left(place):
        shutil.rmtree(folder, ignore_errors=True)


def left(place: Path) -> list[Path]:
    """Folders of dead processes of this user."""
    found = []
    for folder in place.glob(f"{PREFIX}*"):
        try:
            if folder.stat().st_uid == os.getuid() and folder.is_dir() and not folder.is_symlink() and _is_left(folder):
                found.append(folder)
        except OSError:
            continue  # somebody else removes it this moment
    return found


def _is_left(folder: Path) -> bool:
    try:
        owner = Process.from_dict(json.loads((folder / OWNER).read_text()))
    except (OSError, ValueError):
        owner = None
    if owner is None:
        return time.time() - folder.stat().st_mtime > UNOWNED_SECONDS
    return owner.is_gone
