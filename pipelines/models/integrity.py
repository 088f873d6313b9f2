"""Hashes of a stored model's files, and their verification."""

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from features.errors import ContractError
from pipelines.files import storage

# MLflow writes the first when a version is registered, Python the other when a scorer is imported.
LEFT_OUT = ("registered_model_meta", "__pycache__")
MADE_OF = "files_sha256"


def files_of(folder: Path) -> dict[str, str]:
    """SHA-256, 64 hex digits, of every file of a stored model, by its path in the folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_file() and not set(name.parts) & set(LEFT_OUT):
            found[name.as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def summary(files: Mapping[str, str]) -> str:
    """One SHA-256 for all files: of the lines that `sha256sum` prints of them, in the order of their paths."""
    lines = "".join(f"{digest}  {path}\n" for path, digest in sorted(files.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


@dataclass(frozen=True)
class Seal:
    """The recorded hashes of a version's files.

    files are the hashes of all of them. Where these are not known, made_of is their summary and folder_digest that of
    the model's own folder, as far as known: of a version from before files were hashed there is the latter alone.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    made_of: str = ""
    folder_digest: str = ""

    def faults(self, folder: Path) -> Iterator[str]:
        """The differences of a stored model's folder, a few words each; none where it is intact."""
        found = files_of(folder)
        if self.files:
            yield from (f"{path} is gone" for path in self.files if path not in found)
            yield from (f"{path} was added" for path in found if path not in self.files)
            both = self.files.keys() & found
            yield from (f"{path} was changed" for path in sorted(both) if self.files[path] != found[path])
            return
        if self.made_of and summary(found) != self.made_of:
            yield "its files are not those that were registered"
        if self.folder_digest:
            yield from _faults_of_folder(folder, self.folder_digest)

    def check(self, folder: Path, *, of: str) -> None:
        """Raise ContractError naming the first differing files; of names the model, such as `version 3`."""
        faults = list(self.faults(folder))
        if faults:
            more = f", and {len(faults) - 3} more" if len(faults) > 3 else ""
            raise ContractError(f"{of} is not the model that was registered: {', '.join(faults[:3])}{more}.")


def _faults_of_folder(folder: Path, digest: str) -> Iterator[str]:
    """Faults of a version from before every file was hashed: of its own folder, and the scorer beside it."""
    own = [path for path in (folder / "artifacts").glob("*") if path.is_dir()]
    if len(own) != 1 or storage.digest(own[0]) != digest:
        yield f"artifacts/{own[0].name if own else ''} was changed"
    elif (folder / "scorer.py").read_bytes() != (own[0] / "scorer.py").read_bytes():
        yield "scorer.py was changed"


def clean(folder: Path) -> None:
    """Remove compiled Python, which would run instead of the verified text."""
    for path in sorted(folder.rglob("__pycache__")):
        shutil.rmtree(path)
