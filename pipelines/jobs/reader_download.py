"""The download of a reader of texts from the registry, with all that makes sure that it is the pinned one."""

import shutil
from collections.abc import Callable
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from experiments.sections.texts import ReaderSpec
from features.errors import ContractError, MissingError, SpecError
from pipelines.champion import loading, model_versions
from pipelines.files import storage
from pipelines.messages import log
from pipelines.models.text_readers import pinned
from pipelines.models.text_readers.pinned import Pinned
from pipelines.processes.stopping import Command
from pipelines.servers import mlflow_runs
from pipelines.workspace import Workspace

KIND, OF_TEXTS, KNOWN_BEFORE, DIGEST = "kind", "texts", "known_before", "reader_digest"


def registered(pin: ReaderSpec, workspace: Workspace, command: Command) -> Pinned:
    """What the registry says of a pinned version; where it has no version of the model, its spec is run first.

    Raises MissingError where there is no such model or version, SpecError where it is no reader of texts.
    """
    client = mlflow_runs.client(workspace.root)
    mlflow_runs.use(workspace.root)
    with mlflow_runs.answering(workspace.root):
        tags = _version(pin, workspace, client, command).tags
    if tags.get(KIND) != OF_TEXTS or not {KNOWN_BEFORE, DIGEST} <= tags.keys():
        raise SpecError(
            f"spec '{workspace.spec}': texts: version {pin.version} of '{pin.model}' is no reader of texts."
        )
    return Pinned(pin.model, pin.version, tags[DIGEST], tags[KNOWN_BEFORE])


def fetch(reader: Pinned, workspace: Workspace, *, note: Callable[[Path], None]) -> None:
    """Put a registered reader in the place of what data/readers/SPEC holds; note writes what stands beside it.

    Raises MissingError where its files are gone, ContractError where they are not those that were registered.
    """
    stored = loading.stored(reader.model, str(reader.version))
    with stored as files, storage.replacing_folder(workspace.reader) as folder:
        shutil.copytree(_reader_in(files, reader), folder / pinned.READER)
        if pinned.digest(folder / pinned.READER) != reader.digest:
            raise ContractError(
                f"{reader} is not the reader that was registered: its files were changed in the registry. Pin another"
                " version, or make one."
            )
        storage.write_json(folder / pinned.VERSION, reader.plain)
        note(folder)
    log.note(f"texts: fetched {reader}, whose texts were all known before {reader.known_before}")


def _version(pin: ReaderSpec, workspace: Workspace, client: MlflowClient, command: Command) -> ModelVersion:
    """The pinned version. Raises MissingError where there is none, with those that there are."""
    if not client.search_model_versions(f"name = '{pin.model}'"):
        path = workspace.specs / f"{pin.model}.yaml"
        if not path.is_file():
            raise MissingError(
                f"texts.model: the registry has no model '{pin.model}', and there is no spec {path.name} to make one."
            )
        log.note(f"texts: the registry has no version of '{pin.model}' yet: its run comes first")
        if code := command(["run", pin.model]):
            raise MissingError(
                f"texts: `python -m pipelines run {pin.model}` ended with code {code}, so that there is no reader yet."
            )
    return model_versions.version(client, pin.model, str(pin.version))


def _reader_in(files: Path, reader: Pinned) -> Path:
    """The reader's folder among a version's files."""
    found = sorted(path.parent for path in files.rglob(f"{pinned.READER}/{pinned.OUT_OF_FOLD}"))
    if len(found) != 1:
        raise ContractError(f"{reader} has {len(found) or 'no'} folders '{pinned.READER}' with {pinned.OUT_OF_FOLD}.")
    return found[0]
