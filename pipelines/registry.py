"""The model registry: versions that are proved to load anywhere, and the alias `champion`."""

import importlib.metadata
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.models.model import ModelInfo
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema, TensorSpec

from features.contract import Contract
from features.errors import ContractError, MissingError
from pipelines import integrity, storage
from pipelines.integrity import Seal
from pipelines.standing import Standing

CHAMPION = "champion"
DIGEST = "model_digest"
LEDGER_HEAD = "ledger_head"
# So long were digests when they were of a model's own folder, its comments included.
OF_FOLDER = 16
REPORT = "report.json"
OURS = ("features", "experiments", "pipelines")
# What a scorer may import; lightgbm only where a booster lies in the model.
LIBRARIES = ("mlflow", "numpy", "pandas")

CLEAN_PROCESS = """
import importlib.abc, sys
class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {ours!r}:
            raise ImportError(f"the model asks for {{name}}: it must not")
sys.meta_path.insert(0, Refuse())
import mlflow, numpy, pandas
model = mlflow.pyfunc.load_model(sys.argv[1])
found = model.predict(pandas.read_parquet(sys.argv[2]))
found.to_parquet(sys.argv[3])
"""


def signature(contract: Contract, output: pd.DataFrame) -> ModelSignature:
    """Numbers as doubles, so that missing is legal; categories as strings; `reasons`, how many to give.

    A model that looks at no column has no inputs: MLflow refuses an empty list of them.
    """
    inputs: list[ColSpec | TensorSpec] = [
        ColSpec(DataType.double if c.type == "number" else DataType.string, c.name) for c in contract.columns
    ]
    outputs: list[ColSpec | TensorSpec] = [ColSpec(DataType.double, name) for name in output.columns]
    params = ParamSchema([ParamSpec("reasons", DataType.integer, 0)])
    return ModelSignature(Schema(inputs) if inputs else None, Schema(outputs), params)


def requirements(folder: Path) -> list[str]:
    """The pinned requirements of a portable model."""
    kinds = {model["kind"] for model in storage.read_json(folder / "model.json")["models"].values()}
    names = [*LIBRARIES, *(["lightgbm"] if "lightgbm" in kinds else [])]
    return [f"{name}=={importlib.metadata.version(name)}" for name in names]


def log_model(folder: Path, *, contract: Contract, example: pd.DataFrame, output: pd.DataFrame) -> ModelInfo:
    """Store a portable model under the active run; nothing is registered yet."""
    with tempfile.TemporaryDirectory() as scratch:
        # MLflow records the scorer's path, so it is handed a copy whose path says nothing of this machine.
        scorer = Path(scratch) / "scorer.py"
        shutil.copyfile(folder / "scorer.py", scorer)
        logged: ModelInfo = mlflow.pyfunc.log_model(
            name="model",
            python_model=str(scorer),
            artifacts={"model": str(folder)},
            signature=signature(contract, output),
            input_example=example,
            pip_requirements=requirements(folder),
        )
    return logged


def verify(logged: ModelInfo, *, rows: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Load a model in a process without the project or pickle, and compare its numbers to the bit.

    Raises ContractError when it does not load there or predicts anything else.
    """
    stored = mlflow.artifacts.download_artifacts(logged.model_uri)
    with tempfile.TemporaryDirectory() as scratch:
        asked, answered = Path(scratch) / "rows.parquet", Path(scratch) / "answer.parquet"
        rows.to_parquet(asked, index=True)  # without a column, it is the index that says how many rows there are
        program = CLEAN_PROCESS.format(ours=OURS)
        ended = subprocess.run(
            [sys.executable, "-I", "-B", "-c", program, stored, str(asked), str(answered)],
            cwd=scratch,
            env={**os.environ, "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false"},
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode != 0:
            raise ContractError(f"the model does not load in a clean process: {ended.stderr.strip().splitlines()[-1]}")
        answer = pd.read_parquet(answered)
    if list(answer) != list(expected) or not np.array_equal(answer.to_numpy(), expected.to_numpy(), equal_nan=True):
        raise ContractError("the model predicts other numbers in a clean process than here; it was not registered.")


def logged_files(logged: ModelInfo) -> dict[str, str]:
    """The hashes of the files of a model as it was stored."""
    return integrity.files_of(Path(mlflow.artifacts.download_artifacts(logged.model_uri)))


def version_of(client: MlflowClient, name: str, digest: str) -> ModelVersion | None:
    """The oldest version that holds this very model and whose files are as they were registered."""
    found = client.search_model_versions(f"name = '{name}' and tags.`{DIGEST}` = '{digest}'")
    return next((one for one in sorted(found, key=lambda one: int(one.version)) if is_whole(one)), None)


def is_whole(found: ModelVersion) -> bool:
    """Whether a version's files are there, and are those that its tags speak of."""
    try:
        files_of(found, Standing(found.name))
    except (MissingError, ContractError):
        return False
    return True


def register(client: MlflowClient, name: str, *, logged: ModelInfo, tags: Mapping[str, str]) -> str:
    """Register a verified model and give its version."""
    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    made = client.create_model_version(
        name, logged.model_uri, run_id=logged.run_id, tags=dict(tags), model_id=logged.model_id
    )
    return str(made.version)


def champion(client: MlflowClient, name: str) -> ModelVersion | None:
    """The version that the alias `champion` names, if there is one."""
    try:
        return client.get_model_version_by_alias(name, CHAMPION)
    except MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return None
        raise


def version(client: MlflowClient, name: str, number: str) -> ModelVersion:
    """A registered version. Raises MissingError when there is none of that number."""
    try:
        return client.get_model_version(name, number)
    except MlflowException as error:
        if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise
        there = sorted(int(one.version) for one in client.search_model_versions(f"name = '{name}'"))
        raise MissingError(f"'{name}' has no version {number}; there are {there}.") from error


def first_of(client: MlflowClient, name: str, numbers: Iterable[str]) -> ModelVersion | None:
    """The first of these versions that is still there; None where none is."""
    for number in numbers:
        with suppress(MissingError):
            return version(client, name, number)
    return None


def digest_of(found: ModelVersion) -> str:
    """The digest of the model that a version holds; empty where it was not registered by us."""
    return str(found.tags.get(DIGEST, ""))


def report_digest(found: ModelVersion) -> str | None:
    """The digest of the report that was registered with a version; None where it is lost."""
    try:
        return storage.digest(Path(mlflow.artifacts.download_artifacts(run_id=found.run_id, artifact_path=REPORT)))
    except (MlflowException, OSError):
        return None


def point(client: MlflowClient, name: str, number: str | None) -> None:
    """Let the alias `champion` name a version, or with None none. Raises MissingError when that version is gone."""
    if number is None:
        client.delete_registered_model_alias(name, CHAMPION)
        return
    version(client, name, number)
    client.set_registered_model_alias(name, CHAMPION, number)


def keep_head(client: MlflowClient, name: str, head: str) -> None:
    """Note the head of the ledger in the registry, so that a ledger that is lost or cut is missed."""
    client.set_registered_model_tag(name, LEDGER_HEAD, head)


def kept_head(client: MlflowClient, name: str) -> str | None:
    """The head of the ledger as the registry knows it: that of the last entry or of one before; None where none is."""
    try:
        kept = client.get_registered_model(name).tags.get(LEDGER_HEAD)
    except MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return None
        raise
    return str(kept) if kept else None


def seal_of(found: ModelVersion, standing: Standing) -> Seal:
    """What is known of a version's files: by the ledger, or before an entry has their hashes by the version's tags."""
    files = standing.files(str(found.version))
    written = standing.first_about(str(found.version))
    digest = str(written.body["model_digest"]) if written else digest_of(found)
    made_of = str(found.tags.get(integrity.MADE_OF, ""))
    return Seal(files, made_of, digest if len(digest) == OF_FOLDER else "")


@contextmanager
def stored(name: str, number: str) -> Iterator[Path]:
    """A copy of a version's files, without compiled Python, while the block lasts. Raises MissingError when gone."""
    with tempfile.TemporaryDirectory(prefix="holdfast-model-") as scratch:
        try:
            found = Path(mlflow.artifacts.download_artifacts(f"models:/{name}/{number}", dst_path=scratch))
        except (MlflowException, OSError) as error:
            why = str(error).splitlines()[0]
            raise MissingError(f"the files of version {number} of '{name}' are gone: {why}") from error
        if not (found / "MLmodel").is_file():
            raise MissingError(f"the files of version {number} of '{name}' are gone: there is no MLmodel")
        integrity.clean(found)
        yield found


def files_of(found: ModelVersion, standing: Standing) -> dict[str, str]:
    """The hashes of a version's files, proved to be those that were registered. Raises as `predictor`."""
    with stored(found.name, found.version) as folder:
        seal_of(found, standing).check(folder, of=f"version {found.version} of '{found.name}'")
        return integrity.files_of(folder)


def predictor(name: str, number: str, seal: Seal) -> Any:
    """A registered version, loaded once its files are proved to be those of the seal.

    Raises MissingError when its files are gone or do not load, ContractError when one was changed.
    """
    with stored(name, number) as folder:
        seal.check(folder, of=f"version {number} of '{name}'")
        try:
            return mlflow.pyfunc.load_model(str(folder))
        except (MlflowException, OSError) as error:
            raise MissingError(f"version {number} of '{name}' does not load: {str(error).splitlines()[0]}") from error


def predict(model: Any, rows: pd.DataFrame, **params: Any) -> pd.DataFrame:
    """What a loaded version says of the rows, given only the columns that it asks for.

    Raises ContractError when the rows lack one.
    """
    asked = model.metadata.get_input_schema()
    names = asked.input_names() if asked else []
    if missing := [name for name in names if name not in rows.columns]:
        raise ContractError(f"the rows have no column {missing}, which the registered model asks for.")
    found: pd.DataFrame = model.predict(rows[names], params=params)
    return found
