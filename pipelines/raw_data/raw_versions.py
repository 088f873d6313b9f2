"""The recorded versions of a spec's raw data."""

from pathlib import Path
from typing import Any

from pipelines.files import storage

VERSIONS = "versions.json"


def history(folder: Path) -> list[dict[str, Any]]:
    """The versions of a raw folder, oldest first: the files of each with their hash and number of rows."""
    path = folder / VERSIONS
    return list(storage.read_json(path)) if path.exists() else []
