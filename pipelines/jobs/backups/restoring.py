"""Restoring of an archive: everything is unpacked and verified beside the checkout before anything is replaced."""

import shutil
import tarfile
import tempfile
from pathlib import Path

from features.errors import DataError, MissingError, UsageError
from pipelines.files import storage
from pipelines.jobs.backups import dumps, places
from pipelines.jobs.backups.manifest import NAME, SQLITE, Dump, Folder, Manifest, digest
from pipelines.messages import masking
from pipelines.processes import run_lock


def restore(root: Path, archive: Path, *, force: bool) -> Manifest:
    """Bring back what an archive holds, while no other process writes here; force replaces what is there.

    Raises DataError where a file is not what the manifest says, UsageError where something is there already or the
    addresses are of another kind; then nothing was changed.
    """
    if not archive.is_file():
        raise MissingError(f"there is no file {archive}.")
    with run_lock.held(root, "restore"), tempfile.TemporaryDirectory(prefix=".restore-", dir=root) as folder:
        staged = Path(folder)
        found = unpacked(archive, staged)
        targets = {dump: _target(root, dump) for dump in found.databases}
        for dump in targets:
            if dump.kind == SQLITE:
                _prepare(f"sqlite:///{staged / dump.file}", found, root)
        _refuse_what_is_there(found, root, targets, staged, force=force)
        for one in found.folders:
            _put_folder(staged / one.name, moved(one, found, root))
        # MLflow and the ledger last: who is stopped before has a checkout that looks as empty as it was.
        for dump, where in reversed(targets.items()):
            if dump.kind == SQLITE:
                dumps.put_sqlite(staged / dump.file, places.file_of(where))
            else:
                dumps.restore_postgresql(staged / dump.file, where)
                _prepare(where, found, root)
    return found


def unpacked(archive: Path, staged: Path) -> Manifest:
    """Unpack an archive, and verify every file by its digest. Raises DataError naming the file that is wrong."""
    try:
        with tarfile.open(archive) as packed:
            head = packed.extractfile(NAME)
            found = Manifest.from_text(head.read().decode() if head else "")
            for name in found.files:
                content = packed.extractfile(name)
                if content is None:
                    raise DataError(f"{name} of {archive} is no file. Nothing was changed.")
                (staged / name).parent.mkdir(parents=True, exist_ok=True)
                with content, (staged / name).open("wb") as target:
                    shutil.copyfileobj(content, target)
    except (tarfile.TarError, EOFError, KeyError, UnicodeDecodeError) as error:
        raise DataError(f"{archive} is not a whole archive of `backup`: {error}. Nothing was changed.") from error
    if wrong := [name for name, told in found.files.items() if digest(staged / name) != told]:
        raise DataError(f"{wrong[0]} of {archive} is not what its manifest says. Nothing was changed.")
    if lacking := [one.file for one in found.databases if one.file not in found.files]:
        raise DataError(f"{lacking[0]} is lacking in {archive}. Nothing was changed.")
    return found


def _target(root: Path, dump: Dump) -> str:
    """The address that a database goes to: today's of all its roles."""
    there = {places.today(root, role) for role in dump.roles}
    if len(there) != 1 or places.kind(next(iter(there))) != dump.kind:
        said = " and ".join(sorted(map(masking.mask, there)))
        raise UsageError(
            f"the archive keeps {', '.join(dump.roles)} in one {dump.kind} database, and here it is {said}; set the"
            " addresses as they were when it was made."
        )
    return there.pop()


def moved(folder: Folder, found: Manifest, root: Path) -> Path:
    """Where a folder goes: its old place, or, if that was in the checkout, the same place in this one."""
    place, before = Path(folder.place), Path(found.root)
    return root / place.relative_to(before) if place.is_relative_to(before) else place


def _prepare(where: str, found: Manifest, root: Path) -> None:
    """Nobody holds a lease in a database that was brought back, and MLflow looks for files in this checkout."""
    dumps.forget_leases(where)
    if Path(found.root) != root:
        dumps.move_paths(where, found.root, str(root))


def _refuse_what_is_there(found: Manifest, root: Path, targets: dict[Dump, str], staged: Path, *, force: bool) -> None:
    """Raise UsageError where something would be replaced; what a stopped restore has put there already is no such."""
    if force:
        return
    there = []
    for dump, where in targets.items():
        if not dumps.filled(where):
            continue
        if dump.kind != SQLITE or not dumps.same_content([places.file_of(where), staged / dump.file]):
            there.append(f"{', '.join(dump.roles)} at {masking.mask(where)}")
    for folder in found.folders:
        place = moved(folder, found, root)
        if place.is_dir() and not _is_same(staged / folder.name, place):
            there.append(str(place))
    if there:
        more = f" and {len(there) - 3} more" if len(there) > 3 else ""
        raise UsageError(
            f"{'; '.join(there[:3])}{more}: there is something already, and an archive is restored into an empty"
            " workspace. Nothing was changed; take a backup of what is there, then --force replaces it."
        )


def _is_same(one: Path, other: Path) -> bool:
    """Whether a folder holds the files of another, to the byte; it may hold more."""
    files = [path.relative_to(one) for path in one.rglob("*") if path.is_file()]
    return all((other / name).is_file() and digest(one / name) == digest(other / name) for name in files)


def _put_folder(staged: Path, target: Path) -> None:
    """Put a folder's files in their place, each in one step; others that lie there stay."""
    for path in sorted(staged.rglob("*")):
        if path.is_file():
            with storage.replacing(target / path.relative_to(staged)) as temporary:
                shutil.copyfile(path, temporary)
