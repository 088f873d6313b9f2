"""The download of a reader of texts from the registry, with all that makes sure that it is the pinned one."""

import shutil
from collections.abc import Callable
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from experiments.sections.texts import ReaderSpec
from features.errors import ContractError, HoldfastError, MissingError, SpecError
from pipelines.champion import loading, model_versions
from pipelines.files import storage
from pipelines.messages import log
from pipelines.models.text_readers import pinned
from pipelines.models.text_readers.pinned import Pinned
from pipelines.processes.stopping import Command
from pipelines.servers import mlflow_runs
from pipelines.workspace import Workspace

KIND, OF_TEXTS, KNOWN_BEFORE, DIGEST = "kind", "texts", "known_before", "reader_digest"


class NoChampionError(HoldfastError):
    """The first run of a pinned reader made no champion; the exit code is that of its gate, or of what failed."""

    def __init__(self, pin: ReaderSpec, workspace: Workspace, *, is_there: bool, code: int) -> None:
        model, run = pin.model, f"`python -m pipelines run {pin.model}`"
        said = f"texts: {run} ended with code {code}, and why stands above: there is no reader yet."
        if is_there:
            own = Workspace(workspace.root, model)
            verdict = (storage.read_receipt(own.decision) or {}).get("verdict", f"code {code}")
            said = (
                f"texts: '{model}' has no champion: its gate says {verdict} of its first version. Give it more texts"
                f" and repeat {run}, or repeat `python -m pipelines run {workspace.spec}` to use the version that is"
                f" pinned all the same; why: {own.decision_page.relative_to(workspace.root)}."
            )
        super().__init__(said)
        self.exit_code = code  # type: ignore[misc]


def registered(pin: ReaderSpec, workspace: Workspace, command: Command | None) -> Pinned:
    """What the registry says of a pinned version; where it has no version of the model, its spec is run first
    if there is a command to do so.

    Raises MissingError where there is no such model or version, SpecError where it is no reader of texts,
    NoChampionError where that run makes no champion.
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


def _versions(client: MlflowClient, model: str) -> list[ModelVersion]:
    return list(client.search_model_versions(f"name = '{model}'"))


def _version(pin: ReaderSpec, workspace: Workspace, client: MlflowClient, command: Command | None) -> ModelVersion:
    """The pinned version. Raises MissingError where there is none, with those that there are."""
    if not _versions(client, pin.model):
        path = workspace.specs / f"{pin.model}.yaml"
        if not path.is_file():
            raise MissingError(
                f"texts.model: the registry has no model '{pin.model}', and there is no spec {path.name} to make one."
            )
        if command is None:
            raise MissingError(
                f"texts.model: the registry has no version of '{pin.model}' yet; make one: python -m pipelines run"
                f" {pin.model}"
            )
        log.note(f"texts: the registry has no version of '{pin.model}' yet: its run comes first")
        if code := command(["run", pin.model]):
            raise NoChampionError(pin, workspace, is_there=bool(_versions(client, pin.model)), code=code)
    return model_versions.version(client, pin.model, str(pin.version))


def _reader_in(files: Path, reader: Pinned) -> Path:
    """The reader's folder among a version's files."""
    found = sorted(path.parent for path in files.rglob(f"{pinned.READER}/{pinned.OUT_OF_FOLD}"))
    if len(found) != 1:
        raise ContractError(f"{reader} has {len(found) or 'no'} folders '{pinned.READER}' with {pinned.OUT_OF_FOLD}.")
    return found[0]
