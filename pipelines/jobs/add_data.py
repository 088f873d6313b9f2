"""Add raw files of a spec as a new version of its data.

Files are copied in whole, counted, and handed to DVC. Everything is read first: when one cannot be read, nothing is
added. A file of the same name takes the place of the one before.

group: work
writes: data/raw/SPEC and data/raw/SPEC.dvc, DVC's cache, and params.yaml for a new spec
writes: data/readers/SPEC and data/readers/SPEC.dvc, the place of a reader of texts
codes: 5
example: python -m pipelines data telco path/to/telco.csv
example: python -m pipelines data shop postgresql://reader@db.example/shop?table=public.orders
"""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from experiments.spec import ExperimentSpec
from features.errors import MissingError, UsageError
from features.file_format import Formats, is_named
from pipelines.files import storage
from pipelines.jobs import stage_graph
from pipelines.messages import log
from pipelines.raw_data import postgres, raw_files
from pipelines.raw_data.parts import KINDS, in_folder
from pipelines.raw_data.raw_versions import VERSIONS, history
from pipelines.specs.options import source_of
from pipelines.workspace import Workspace


def add(spec: ExperimentSpec, workspace: Workspace, places: Sequence[str]) -> None:
    """Add files, folders of files or database tables to the raw data of a spec as a new version.

    Raises UsageError when the spec's source needs no files, and as `add_files`.
    """
    source, options = source_of(spec)
    if not source.needs_files:
        raise UsageError(f"spec '{spec.name}' makes its own data ({source.kind}); it takes no files.")
    add_files(spec.name, workspace, places, wanted=source.wants(options), formats=source.formats(options))
    stage_graph.put(spec.name, workspace.root)
    told(spec.name, workspace)


def add_files(
    name: str,
    workspace: Workspace,
    places: Sequence[str],
    *,
    wanted: Sequence[str],
    formats: Formats,
    kind: str = stage_graph.CHURN,
) -> None:
    """Add what is at places to the raw data of the spec of that name, which wants these files, or globs of them.

    A file of the same name is replaced. Everything is read first: when one is missing or unreadable nothing is added.
    Adding what is already there changes nothing. Raises UsageError where the spec does not want a file.
    """
    with tempfile.TemporaryDirectory(prefix="holdfast-tables-") as fetched:
        found = (path for place in places for path in _files(place, Path(fetched), formats=formats, wanted=wanted))
        paths = _once(list(found))
        _refuse_unread(name, wanted, paths)
        described = {path.name: describe(name, path, formats) for path in paths}
        versions = history(workspace.raw)
        files = {**(versions[-1]["files"] if versions else {}), **described}
        if not versions or files != versions[-1]["files"]:
            with storage.replacing_folder(workspace.raw) as folder:
                _fill(folder, workspace.raw, paths)
                storage.write_json(folder / VERSIONS, [*versions, {"files": files}])
    stage_graph.track(workspace, kind=kind)


def add_own(spec: ExperimentSpec, workspace: Workspace, name: str, rows: pa.Table) -> None:
    """Add rows that we keep ourselves as the raw file of that name; nothing is touched where the file has them."""
    there = workspace.raw / name
    source, options = source_of(spec)
    with tempfile.TemporaryDirectory(prefix="holdfast-own-") as folder:
        made = Path(folder) / name
        storage.write_parquet(made, rows)
        if there.is_file() and storage.digest(there) == storage.digest(made):
            return
        add_files(spec.name, workspace, [str(made)], wanted=source.wants(options), formats=source.formats(options))
    told(spec.name, workspace)


def told(name: str, workspace: Workspace) -> None:
    """Say what the raw data of a spec are now."""
    versions = history(workspace.raw)
    files = versions[-1]["files"]
    rows = sum(one["rows"] for one in files.values())
    log.done("data", name, files=len(files), rows=rows, version=len(versions))


def describe(spec: str, path: Path, formats: Formats) -> dict[str, Any]:
    """The hash and the number of rows of a raw file. Raises MissingError or DataError when it cannot be read."""
    seen = raw_files.check(path, formats)
    if seen.looks_like_data:
        such = ", ".join(repr(one) for one in seen.looks_like_data[:3])
        told = (
            f"the first line of {path.name} is taken for names, and {such} look like data; if it has no names, say"
            " `format: {header: false, names: [...]}` beside the file in the spec"
        )
        log.warn("data", spec, [told])
    return {"sha256": storage.digest(path), "rows": seen.rows}


def _files(place: str, fetched: Path, *, formats: Formats, wanted: Sequence[str]) -> Iterator[Path]:
    """The files that are meant: of a folder all that can be raw data, of a database's table a copy.

    A folder that the spec itself names, or that lies in such a folder, holds the parts of one file.
    """
    path = Path(place)
    if postgres.is_address(place):
        yield postgres.fetch(place, fetched)
    elif path.is_dir() and is_wanted(path.resolve(), wanted):
        yield path.resolve()
    elif path.is_dir():
        names = [name for name in raw_files.files_in(path, formats) if _is_file_or_wanted(path / name, wanted)]
        if not names:
            raise MissingError(f"no file in {place} that ends in {', '.join(KINDS)}.")
        yield from (path / name for name in names)
    elif not path.exists():
        raise MissingError(f"no file {place}; give a file, a folder of files or a table of a database.")
    else:
        yield path


def _is_file_or_wanted(path: Path, wanted: Sequence[str]) -> bool:
    return path.is_file() or is_wanted(path, wanted)


def is_wanted(path: Path, wanted: Sequence[str]) -> bool:
    """Whether a spec that wants these files, or globs of them, reads a file of that name."""
    return any(is_named(path.name, pattern) for pattern in wanted)


def _refuse_unread(name: str, wanted: Sequence[str], paths: Sequence[Path]) -> None:
    """A file that the spec does not read would lie there unseen."""
    unread = [path.name for path in paths if not is_wanted(path, wanted)]
    if unread:
        raise UsageError(
            f"spec '{name}' does not read {unread}; it reads {sorted(set(wanted))}. Rename the file, or name it in"
            " the spec; a file of the same name takes the place of the one before."
        )


def _once(paths: Sequence[Path]) -> Sequence[Path]:
    names = [path.name for path in paths]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(f"{twice} are given twice, from different places; a file is known by its name: rename one.")
    return paths


def _fill(folder: Path, old: Path, paths: Sequence[Path]) -> None:
    new = {path.name for path in paths}
    kept = [path for path in old.glob("*") if path.name not in {*new, VERSIONS}] if old.is_dir() else []
    for path in (*kept, *paths):
        if path.is_dir():
            (folder / path.name).mkdir()
            for part in in_folder(path):
                shutil.copyfile(part, folder / path.name / part.name)
        else:
            shutil.copyfile(path, folder / path.name)
