"""A pinned reader of texts in its folder: which version it is, and whether its files are intact.

The folder has `version.json` and `reader/`: the reader's own code, what it learned, and what models that had not seen a
text say of each text that it learned from, so that a reader is never asked about what it was taught.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from features.errors import ContractError
from pipelines.files import storage
from pipelines.models import integrity

VERSION, READER, OUT_OF_FOLD = "version.json", "reader", "out_of_fold.parquet"


@dataclass(frozen=True)
class Pinned:
    """Which reader it is: model, version, digest of its files, and the moment before which all its texts were known."""

    model: str
    version: int
    digest: str
    known_before: str

    @property
    def plain(self) -> dict[str, Any]:
        """As it stands in version.json."""
        return {"model": self.model, "version": self.version, "digest": self.digest, "known_before": self.known_before}

    def __str__(self) -> str:
        """The name of the version, such as demo_tone 3."""
        return f"{self.model} {self.version}"


def digest(reader: Path) -> str:
    """SHA-256, 64 hex digits, of the files of a reader's folder, whatever their order."""
    return integrity.summary(integrity.files_of(reader))


def stored(folder: Path) -> Pinned | None:
    """The reader of a folder; None where it has none. Raises ContractError where the file does not say which it is."""
    if not (folder / VERSION).is_file():
        return None
    plain = storage.read_json(folder / VERSION)
    try:
        return Pinned(str(plain["model"]), int(plain["version"]), str(plain["digest"]), str(plain["known_before"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ContractError(f"{folder / VERSION} does not say which reader is here. {remedy(folder)}") from error


def check(folder: Path, pinned: Pinned) -> None:
    """Raise ContractError unless the reader's files are those that were registered."""
    if digest(folder / READER) != pinned.digest:
        raise ContractError(
            f"{folder / READER} is not {pinned}: a file was changed, added or taken away. {remedy(folder)}"
        )


def remedy(folder: Path) -> str:
    """What to do where a pinned reader's folder is not as it was fetched."""
    return f"Remove {folder}, and `python -m pipelines run {folder.name}` fetches it anew."
