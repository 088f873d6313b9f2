"""The manifest of an archive: which databases and folders it holds, from where, and the digest of every file."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from features.errors import DataError

NAME, FORMAT = "manifest.json", 1
SQLITE, POSTGRESQL = "sqlite", "postgresql"


@dataclass(frozen=True)
class Dump:
    """A database in the archive: what it is of (MLflow, ledger ...), sqlite or postgresql, and its file's name."""

    roles: tuple[str, ...]
    kind: str
    file: str


@dataclass(frozen=True)
class Folder:
    """A folder of files of versions: where it lay on the disk, and its name in the archive."""

    place: str
    name: str


@dataclass(frozen=True)
class Manifest:
    """What an archive holds.

    root is the checkout that it is of; files are SHA-256 by name; missing are folders of versions that were not there,
    elsewhere addresses of such as lie in a store that has backups of its own.
    """

    made_at: str
    by: str
    root: str
    databases: tuple[Dump, ...]
    folders: tuple[Folder, ...]
    files: Mapping[str, str]
    missing: tuple[str, ...]
    elsewhere: tuple[str, ...]
    format: int = FORMAT

    def to_text(self) -> str:
        """The same as JSON."""
        return json.dumps(asdict(self), indent=2, sort_keys=True, ensure_ascii=False)

    @classmethod
    def from_text(cls, text: str) -> "Manifest":
        """The manifest that `to_text` wrote. Raises DataError for what is none, or would be written elsewhere."""
        try:
            plain: dict[str, Any] = json.loads(text)
            if plain["format"] != FORMAT:
                raise DataError(f"the archive has format {plain['format']}, and this version reads {FORMAT}.")
            databases = tuple(Dump(tuple(one["roles"]), one["kind"], one["file"]) for one in plain["databases"])
            folders = tuple(Folder(**one) for one in plain["folders"])
            lists = {name: tuple(plain[name]) for name in ("missing", "elsewhere")}
            found = cls(**{**plain, **lists, "databases": databases, "folders": folders})
        except (ValueError, KeyError, TypeError) as error:
            if isinstance(error, DataError):
                raise
            raise DataError(f"{NAME} of the archive is not what `backup` writes: {error}.") from error
        if wrong := [name for name in found.files if not _is_within(name)]:
            raise DataError(f"the archive names files outside of itself: {wrong[:3]}; `backup` writes no such.")
        return found


def _is_within(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts


def digest(path: Path) -> str:
    """SHA-256 of a file, 64 hex digits."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
