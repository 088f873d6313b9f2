"""Writing of an archive: a copy of every database first, then the files of the versions that it registers."""

import io
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from features.errors import MissingError, UsageError
from pipelines.champion.authorship import Authorship
from pipelines.files import storage
from pipelines.jobs.backups import dumps, places
from pipelines.jobs.backups.manifest import NAME, SQLITE, Dump, Folder, Manifest, digest
from pipelines.processes import scratch


def write(root: Path, target: Path, signed: Authorship) -> Manifest:
    """Write the archive; what it holds.

    Raises UsageError where the file is there already or MLflow is a server, MissingError where there is nothing yet.
    """
    if target.exists():
        raise UsageError(f"{target} is there already; name another file, or move it away.")
    by_address: dict[str, list[str]] = {}
    for role, where in places.all_of(root).items():
        if places.kind(where) != SQLITE or places.file_of(where).exists():
            by_address.setdefault(where, []).append(role)
    if not by_address:
        raise MissingError(f"there is nothing to back up in {root} yet; run: python -m pipelines run SPEC")
    with scratch.own(), tempfile.TemporaryDirectory(prefix="holdfast-backup-") as folder:
        staged = Path(folder)
        databases = tuple(_dumped(staged, number, each) for number, each in enumerate(by_address.items(), start=1))
        of_mlflow = next((one for one in databases if places.MLFLOW in one.roles), None)
        asked = _asked(staged, of_mlflow, by_address) if of_mlflow else []
        folders, missing, elsewhere = _folders(staged, asked)
        files = {str(path.relative_to(staged)): digest(path) for path in sorted(staged.rglob("*")) if path.is_file()}
        found = Manifest(signed.at, signed.by, str(root), databases, folders, files, missing, elsewhere)
        with storage.replacing(target) as temporary, tarfile.open(temporary, "w:gz", compresslevel=6) as archive:
            temporary.chmod(0o600)  # customers are in it
            text = found.to_text().encode()
            head = tarfile.TarInfo(NAME)
            head.size = len(text)
            archive.addfile(head, io.BytesIO(text))
            for name in files:
                archive.add(staged / name, name, recursive=False)
    return found


def _asked(staged: Path, dump: Dump, by_address: dict[str, list[str]]) -> list[str]:
    """Where MLflow keeps files of versions, by the copy of its database; PostgreSQL's copy cannot be asked."""
    alive = next(where for where, roles in by_address.items() if places.MLFLOW in roles)
    return dumps.folders_of_versions(f"sqlite:///{staged / dump.file}" if dump.kind == SQLITE else alive)


def _dumped(staged: Path, number: int, database: tuple[str, list[str]]) -> Dump:
    where, roles = database
    kind = places.kind(where)
    found = Dump(tuple(roles), kind, f"databases/{number}.{'db' if kind == SQLITE else 'dump'}")
    path = staged / found.file
    path.parent.mkdir(exist_ok=True)
    if kind == SQLITE:
        dumps.copy_sqlite(places.file_of(where), path)
    else:
        dumps.copy_postgresql(where, path)
    return found


def _folders(staged: Path, asked: list[str]) -> tuple[tuple[Folder, ...], tuple[str, ...], tuple[str, ...]]:
    """The folders that were copied, those that are not there, and the addresses of those that lie elsewhere."""
    copied, missing, elsewhere = [], [], []
    for number, address in enumerate(asked, start=1):
        place = local(address)
        if place is None:
            elsewhere.append(address)
        elif not place.is_dir():
            missing.append(str(place))
        else:
            name = f"folders/{number:05}"
            shutil.copytree(place, staged / name, ignore=shutil.ignore_patterns("__pycache__"))
            copied.append(Folder(str(place), name))
    return tuple(copied), tuple(missing), tuple(elsewhere)


def local(address: str) -> Path | None:
    """The folder of an address or path; None where it lies in another store."""
    parts = urlsplit(address)
    if parts.scheme == "file":
        return Path(unquote(parts.path))
    return None if parts.scheme else Path(address)


def lines(found: Manifest) -> Iterator[str]:
    """What an archive holds and lacks, for people."""
    for one in found.databases:
        yield f"  {one.file}  {', '.join(one.roles)}"
    yield f"  {len(found.folders):,} folders of registered versions and their runs, {len(found.files):,} files in all"
    yield from (f"  not there any more: {place}" for place in found.missing)
    yield from (f"  not in the archive, for it lies in another store: {address}" for address in found.elsewhere)
