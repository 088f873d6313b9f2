"""The reader of texts that a spec pins, in data/readers/SPEC before DVC looks there."""

from datetime import datetime
from pathlib import Path

from experiments.spec import ExperimentSpec
from pipelines.files import storage
from pipelines.jobs import stage_graph
from pipelines.models.text_readers import pinned
from pipelines.models.text_readers.pinned import Pinned
from pipelines.processes.stopping import Command
from pipelines.specs.options import source_of
from pipelines.workspace import Workspace


def hold(spec: ExperimentSpec, workspace: Workspace, command: Command | None) -> None:
    """Have data/readers/SPEC hold exactly the pinned reader, or a note alone where the spec pins none.

    What is there already is not asked for again. command does one command: where the registry has no version of the
    model and its spec is here, its run comes first; None where nothing may be registered. Raises MissingError where
    there is no such model or version, ContractError where its files are not those that were registered, SpecError where
    it knows texts that come too late.
    """
    there = pinned.stored(workspace.reader)
    if spec.texts is None:
        if there or not workspace.reader.is_dir():
            with storage.replacing_folder(workspace.reader) as folder:
                _note(folder, spec.name)
            stage_graph.track_reader(workspace)
        return
    if there and (there.model, there.version) == (spec.texts.model, spec.texts.version):
        pinned.check(workspace.reader, there)
        _check_dates(spec, there)
        return
    from pipelines.jobs import reader_download  # not at the top: MLflow takes a while

    found = reader_download.registered(spec.texts, workspace, command)
    _check_dates(spec, found)
    reader_download.fetch(found, workspace, note=lambda folder: _note(folder, spec.name))
    stage_graph.track_reader(workspace)


def _note(folder: Path, spec: str) -> None:
    (folder / stage_graph.NOTE).write_text(stage_graph.note_of_reader(spec))


def _check_dates(spec: ExperimentSpec, reader: Pinned) -> None:
    """The early check; where the source does not say when its data end, validate asks again."""
    from pipelines.matrix.reader_dates import check_reader  # not at the top: pandas takes a while

    source, options = source_of(spec)
    if end := source.extracted_at(options):
        check_reader(spec, reader, datetime.fromisoformat(end))
