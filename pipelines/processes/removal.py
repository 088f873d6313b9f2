"""Removal of files and folders that leaves no half of a folder under its name."""

import shutil
from contextlib import suppress
from pathlib import Path


def remove(path: Path) -> None:
    """Remove a file or a folder; nothing is done where there is none.

    A folder is there whole until it is gone: what a kill leaves of it has a name that ends in `.tmp`.
    """
    with suppress(FileNotFoundError):  # another process was faster
        if not path.is_dir():
            path.unlink()
        elif path.suffix == ".tmp":
            shutil.rmtree(path)
        else:
            gone = path.with_name(f".{path.name}.tmp")
            shutil.rmtree(gone, ignore_errors=True)
            shutil.rmtree(path.replace(gone))
