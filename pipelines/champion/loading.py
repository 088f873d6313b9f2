"""Loading a registered version, only after its files are verified against their recorded hashes."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

import mlflow
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from features.errors import ContractError, MissingError, StorageError
from pipelines.champion.model_versions import DIGEST, TWIN_OF, asked, digest_of
from pipelines.champion.succession import Standing
from pipelines.messages import log, masking
from pipelines.models import integrity
from pipelines.models.integrity import Seal
from pipelines.servers import faults

# So long were digests when they were of a model's own folder, its comments included.
OF_FOLDER = 16
ROWS_AT_ONCE = 5_000
# The file by which MLflow knows a model.
MLMODEL = "MLmodel"


def seal_of(found: ModelVersion, standing: Standing) -> Seal:
    """The recorded hashes of a version's files: from the ledger, or before an entry has them from its tags."""
    files = standing.files(str(found.version))
    written = standing.first_about(str(found.version))
    digest = str(written.body["model_digest"]) if written else digest_of(found)
    made_of = str(found.tags.get(integrity.MADE_OF, ""))
    return Seal(files, made_of, digest if len(digest) == OF_FOLDER else "")


@contextmanager
def stored(name: str, number: str) -> Iterator[Path]:
    """A temporary copy of a version's files, without compiled Python.

    Raises MissingError when they are gone, StorageError when they cannot be read now.
    """
    with tempfile.TemporaryDirectory(prefix="holdfast-model-") as scratch:
        found = fetched(MLMODEL, to=scratch, artifact_uri=f"models:/{name}/{number}")
        if found is None or not (found / MLMODEL).is_file():
            raise MissingError(f"the files of version {number} of '{name}' are gone: there is no {MLMODEL}")
        integrity.clean(found)
        yield found


def fetched(holds: str, *, to: str | None = None, **store: str) -> Path | None:
    """A copy of an artifact_uri in MLflow, or of a file of a run_id; None where it is missing.

    Gone is what the store itself says it does not hold: the file that is called holds. Raises StorageError for what
    cannot be read now, as on a full disk or without a network, for it may be there.
    """
    file = {"artifact_path": holds} if "run_id" in store else {}
    try:
        return Path(mlflow.artifacts.download_artifacts(**store, **file, dst_path=to))
    except (MlflowException, OSError) as error:
        if _lacks(holds, **store):
            return None
        why = masking.mask(str(error).strip().splitlines()[-1].rstrip("."))
        said = " ".join(store.values())
        raise StorageError(f"{holds} of {said} could not be read: {why}; {faults.AGAIN}, once it can be.") from error


def _lacks(file: str, **store: str) -> bool:
    """Whether a store answers that it does not hold a file."""
    try:
        return file not in [one.path for one in mlflow.artifacts.list_artifacts(**store)]
    except MlflowException as error:
        return bool(error.error_code == "RESOURCE_DOES_NOT_EXIST")
    except OSError:
        return False


class Kept:
    """Versions that are downloaded once and kept until the block ends; each is verified before it says anything."""

    def __init__(self) -> None:
        self._stack, self._folders, self._models = ExitStack(), dict[str, Path](), dict[str, Any]()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def folder(self, found: ModelVersion) -> Path:
        """The files of a version. Raises as `stored`."""
        place = f"{found.name}/{found.version}"
        if place not in self._folders:
            self._folders[place] = self._stack.enter_context(stored(found.name, str(found.version)))
        return self._folders[place]

    def predictor(self, found: ModelVersion, standing: Standing) -> Any:
        """A version, loaded. Raises as the function `predictor`."""
        place = f"{found.name}/{found.version}"
        if place not in self._models:
            self._models[place] = _loaded(self.folder(found), seal_of(found, standing), found.name, str(found.version))
        return self._models[place]

    def files_of(self, found: ModelVersion, standing: Standing) -> dict[str, str]:
        """The hashes of a version's files. Raises as the function `files_of`."""
        return _hashes(self.folder(found), found, standing)


def files_of(found: ModelVersion, standing: Standing) -> dict[str, str]:
    """The hashes of a version's files, verified against registration. Raises as `predictor`."""
    with stored(found.name, found.version) as folder:
        return _hashes(folder, found, standing)


def _hashes(folder: Path, found: ModelVersion, standing: Standing) -> dict[str, str]:
    seal_of(found, standing).check(folder, of=f"version {found.version} of '{found.name}'")
    return integrity.files_of(folder)


def is_whole(found: ModelVersion) -> bool:
    """Whether a version's files exist and match its tags."""
    try:
        files_of(found, Standing(found.name))
    except (MissingError, ContractError):
        return False
    return True


def predictor(name: str, number: str, seal: Seal) -> Any:
    """A registered version, loaded once its files are verified against the seal.

    Raises MissingError when its files are gone or do not load, ContractError when one was changed.
    """
    with stored(name, number) as folder:
        return _loaded(folder, seal, name, number)


def _loaded(folder: Path, seal: Seal, name: str, number: str) -> Any:
    seal.check(folder, of=f"version {number} of '{name}'")
    try:
        return mlflow.pyfunc.load_model(str(folder))
    except (MlflowException, OSError) as error:
        raise MissingError(f"version {number} of '{name}' does not load: {str(error).splitlines()[0]}") from error


def version_of(client: MlflowClient, name: str, digest: str, *, judged: bool = False) -> ModelVersion | None:
    """The oldest version with this very model whose files are intact; judged: none that was fitted on all rows."""
    found = client.search_model_versions(f"name = '{name}' and tags.`{DIGEST}` = '{digest}'")
    of_kind = [one for one in found if not (judged and TWIN_OF in one.tags)]
    return next((one for one in sorted(of_kind, key=lambda one: int(one.version)) if is_whole(one)), None)


def predict_in_parts(model: Any, rows: pd.DataFrame, *, shown_as: str | None = None, **params: Any) -> pd.DataFrame:
    """What `predict` gives, worked off some thousand rows at a time; with a progress bar where it is to be shown."""
    starts: Iterable[int] = range(0, len(rows), ROWS_AT_ONCE)
    if shown_as is not None:
        starts = log.track(starts, shown_as, unit="part", total=len(range(0, len(rows), ROWS_AT_ONCE)))
    return pd.concat([predict(model, rows.iloc[start : start + ROWS_AT_ONCE], **params) for start in starts])


def predict(model: Any, rows: pd.DataFrame, **params: Any) -> pd.DataFrame:
    """A loaded version's predictions for the rows, restricted to the columns that it takes.

    Raises ContractError when the rows lack one, or hold what it cannot read.
    """
    names = asked(model)
    if missing := [name for name in names if name not in rows.columns]:
        raise ContractError(f"the rows have no column {missing}, which the registered model asks for.")
    try:
        found: pd.DataFrame = model.predict(rows[names], params=params)
    except ValueError as error:
        raise ContractError(f"the registered model refuses the rows: {error}") from error
    return found
