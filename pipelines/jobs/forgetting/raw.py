"""A person in the raw files of a spec: the rows that go, and the new version that is left."""

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import duckdb

from experiments.spec import ExperimentSpec
from features.errors import DataError
from features.event_log import received
from features.event_log.options import EventLogOptions
from features.file_format import FileFormat, Formats, format_of
from features.table_options import TableOptions
from pipelines.files import storage
from pipelines.jobs import add_data, stage_graph
from pipelines.jobs.forgetting import person_rows
from pipelines.jobs.forgetting.change import Change
from pipelines.processes.memory import limits
from pipelines.raw_data import erased, raw_files, scans, without_rows
from pipelines.raw_data.parts import in_folder, parts_of
from pipelines.raw_data.raw_versions import VERSIONS, history
from pipelines.specs.options import source_of
from pipelines.workspace import Workspace


def changes(spec: ExperimentSpec, workspace: Workspace, customer: str) -> Iterator[Change]:
    """The files, or parts of files, that hold rows of a customer.

    Raises DataError for a file that would be left without rows, UsageError for a table whose rows name nobody.
    """
    source, options = source_of(spec)
    if not source.needs_files or not (workspace.raw / VERSIONS).exists():
        return
    formats = source.formats(options)
    with raw_files.opened(workspace.raw, formats) as files:
        if isinstance(options, TableOptions):
            found = person_rows.of_table(files, options, customer)
        elif isinstance(options, EventLogOptions):
            found = person_rows.of_event_log(files, options, customer)
        else:
            found = {}
        sizes = {name: _parts(workspace.raw / name, formats) for name in found}
    for name, mask in found.items():
        if mask.all() and name == received.FILE:  # which need not be there
            yield Change(workspace.raw / name, len(mask), None)
            continue
        if mask.all():
            raise DataError(
                f"{name} holds rows of this customer alone; take it out of the spec, or add rows of others."
            )
        start = 0
        for path, size in sizes[name]:
            rows = [place for place in range(size) if mask[start + place]]
            start += size
            if rows:
                yield Change(path, len(rows), partial(_write, path, format_of(name, formats), rows))


def rehearse(spec: ExperimentSpec, workspace: Workspace, customer: str) -> None:
    """Write every file without the customer somewhere else. Raises DataError for one that has to be done by hand."""
    with tempfile.TemporaryDirectory(prefix="holdfast-tables-") as scratch:
        for number, change in enumerate(changes(spec, workspace, customer)):
            if change.write is not None:
                change.write(Path(scratch) / str(number))
                (Path(scratch) / str(number)).unlink()


def unread(spec: ExperimentSpec, workspace: Workspace) -> list[str]:
    """Raw files that the spec does not read, so that nobody can say of whom their rows are."""
    source, options = source_of(spec)
    if not source.needs_files or not workspace.raw.is_dir():
        return []
    wanted = source.wants(options)
    return [name for name in raw_files.files_in(workspace.raw) if not add_data.is_wanted(Path(name), wanted)]


def leave_out(workspace: Workspace, customer: str) -> None:
    """Put the person on the list of those whom no later ingest takes in."""
    workspace.raw.mkdir(parents=True, exist_ok=True)
    before = erased.read(workspace.raw)
    if (after := before.added(customer)) != before:
        erased.write(workspace.raw, after)


def track(spec: ExperimentSpec, workspace: Workspace) -> bool:
    """Make what is left a new version of the raw data, for DVC too; whether DVC tracks them."""
    source, options = source_of(spec)
    if versions := history(workspace.raw):
        formats = source.formats(options)
        there = [name for name in versions[-1]["files"] if name != received.FILE or (workspace.raw / name).exists()]
        files = {name: add_data.describe(spec.name, workspace.raw / name, formats) for name in there}
        if files != versions[-1]["files"]:
            storage.write_json(workspace.raw / VERSIONS, [*versions, {"files": files}])
    if workspace.raw.with_name(f"{workspace.raw.name}.dvc").exists():
        stage_graph.track(workspace)
        return True
    return False


def _write(path: Path, form: FileFormat | None, rows: list[int], out: Path) -> None:
    with limits() as limited, duckdb.connect(config=limited) as database:
        without_rows.write(path, form, rows, out, database)


def _parts(path: Path, formats: Formats) -> list[tuple[Path, int]]:
    """The files of a raw file with their numbers of rows, in the order in which they are read."""
    found = []
    with (
        tempfile.TemporaryDirectory(prefix="holdfast-unpacked-") as scratch,
        limits() as limited,
        duckdb.connect(config=limited) as database,
    ):
        for one in in_folder(path) if path.is_dir() else [path]:
            (part,) = parts_of(one, format_of(path.name, formats), Path(scratch))
            found.append((one, scans.texts_of(part, database, Path(scratch)).num_rows))
    return found
