"""Versions of raw data: files are copied in whole, counted, and handed to DVC."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.spec import ExperimentSpec
from features.errors import UsageError
from pipelines import graph, log, storage
from pipelines.specs import source_of
from pipelines.workspace import Workspace

VERSIONS = "versions.json"


def add(spec: ExperimentSpec, workspace: Workspace, paths: Sequence[Path]) -> None:
    """Add files to the raw data of a spec as a new version; a file of the same name is replaced.

    Every file is read first: when one is missing or unreadable nothing is added. Adding what is already there
    changes nothing. Raises UsageError when the spec's source needs no files.
    """
    source, _ = source_of(spec)
    if not source.needs_files:
        raise UsageError(f"spec '{spec.name}' makes its own data ({source.kind}); it takes no files.")
    described = {path.name: describe(path) for path in paths}
    versions = history(workspace.raw)
    files = {**(versions[-1]["files"] if versions else {}), **described}
    if not versions or files != versions[-1]["files"]:
        with storage.replacing_folder(workspace.raw) as folder:
            _fill(folder, workspace.raw, paths)
            storage.write_json(folder / VERSIONS, [*versions, {"files": files}])
    graph.track(workspace)
    graph.put(spec.name, workspace.root)
    log.done(
        "data",
        spec.name,
        files=len(files),
        rows=sum(one["rows"] for one in files.values()),
        version=len(history(workspace.raw)),
    )


def history(folder: Path) -> list[dict[str, Any]]:
    """The versions of a raw folder, oldest first: the files of each with their hash and number of rows."""
    path = folder / VERSIONS
    return list(storage.read_json(path)) if path.exists() else []


def describe(path: Path) -> dict[str, Any]:
    """The hash and the number of rows of a raw file. Raises MissingError or DataError when it cannot be read."""
    rows = storage.read_table(path)
    return {"sha256": storage.digest(path), "rows": rows.num_rows}


def _fill(folder: Path, old: Path, paths: Sequence[Path]) -> None:
    new = {path.name for path in paths}
    kept = [path for path in old.glob("*") if path.name not in {*new, VERSIONS}] if old.is_dir() else []
    for path in (*kept, *paths):
        shutil.copyfile(path, folder / path.name)
