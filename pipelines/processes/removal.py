"""Removal of files and folders that leaves no half of a folder under its name."""

import shutil
from contextlib import suppress
from pathlib import Path

TRIES = 10


def remove(path: Path) -> None:
    """Remove a file or a folder; nothing is done where there is none.

    A folder is there whole until it is gone: what a kill leaves of it has a name that ends in `.tmp`.
    """
    with suppress(FileNotFoundError):  # another process was faster
        if not path.is_dir():
            path.unlink()
        elif path.suffix == ".tmp":
            _remove_folder(path)
        else:
            gone = path.with_name(f".{path.name}.tmp")
            _remove_folder(gone)
            _remove_folder(path.replace(gone))


def _remove_folder(path: Path) -> None:
    """Remove it, though somebody may write into it a while longer. Raises OSError where that does not end."""
    for _ in range(TRIES):
        shutil.rmtree(path, ignore_errors=True)
        if not path.exists():
            return
    shutil.rmtree(path)
