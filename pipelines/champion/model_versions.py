"""Model versions in MLflow's registry: verified before registration, and the alias `champion`."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.models.model import ModelInfo
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema, TensorSpec

from features.errors import ContractError, MissingError, UsageError
from pipelines.files import storage
from pipelines.models import integrity, scorer_text

if TYPE_CHECKING:
    from features.contract import Contract  # brings Ibis with it

CHAMPION, SHADOW = "champion", "shadow"
KIND = "kind"
DIGEST = "model_digest"
TWIN_OF, FIGURES_OF = "twin_of", "figures_of"
LEDGER_HEAD = "ledger_head"
REPORT = "report.json"
COLUMNS = "columns"
OURS = ("features", "experiments", "pipelines", "holdfast")

CLEAN_PROCESS = """
import gc, importlib.abc, sys
gc.disable()
class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {ours!r}:
            raise ImportError(f"the model asks for {{name}}: it must not")
sys.meta_path.insert(0, Refuse())
import mlflow, numpy, pandas
model = mlflow.pyfunc.load_model(sys.argv[1], suppress_warnings=True)
found = model.predict(pandas.read_parquet(sys.argv[2]))
found.to_parquet(sys.argv[3])
"""


def signature(output: pd.DataFrame) -> ModelSignature:
    """The model's output schema, and the parameter `reasons`, how many to give.

    Of the inputs it says nothing: MLflow would check each column's type before the scorer reads it, refuse what can be
    read without loss, and take longer than the model. The columns stand in the model's metadata and its contract.
    """
    outputs: list[ColSpec | TensorSpec] = [ColSpec(DataType.double, name) for name in output.columns]
    return ModelSignature(None, Schema(outputs), ParamSchema([ParamSpec("reasons", DataType.integer, 0)]))


def asked(model: Any) -> list[str]:
    """The input columns of a loaded version; from the metadata, or for older models from the signature."""
    told = (model.metadata.metadata or {}).get(COLUMNS)
    if told is not None:
        return [column["name"] for column in told]
    schema = model.metadata.get_input_schema()
    return list(schema.input_names()) if schema else []


def requirements(folder: Path) -> list[str]:
    """The pinned requirements of a portable model: those of every scorer, and those of its kinds."""
    return scorer_text.requirements(scorer_text.kinds_of(folder))


def log_model(folder: Path, *, contract: "Contract", example: pd.DataFrame, output: pd.DataFrame) -> ModelInfo:
    """Store a portable model in the active run, without registering it."""
    return log_scorer(
        folder,
        under="model",
        signature=signature(output),
        example=example,
        metadata={COLUMNS: [{"name": column.name, "type": column.type} for column in contract.columns]},
        required=requirements(folder),
    )


def log_scorer(
    folder: Path,
    *,
    under: str,
    signature: ModelSignature,
    example: pd.DataFrame,
    metadata: dict[str, Any],
    required: list[str],
) -> ModelInfo:
    """Store a folder with its `scorer.py` in the active run, as the artifact `under` of a model."""
    with tempfile.TemporaryDirectory() as scratch:
        # MLflow records the scorer's path, so it is handed a copy whose path says nothing of this machine.
        scorer = Path(scratch) / "scorer.py"
        shutil.copyfile(folder / "scorer.py", scorer)
        logged: ModelInfo = mlflow.pyfunc.log_model(
            name="model",
            python_model=str(scorer),
            artifacts={under: str(folder)},
            signature=signature,
            input_example=example,
            metadata=metadata,
            pip_requirements=required,
        )
    return logged


def verify(logged: ModelInfo, *, rows: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Load a model in a process without the project or pickle, and compare its predictions bit for bit.

    Raises ContractError when it does not load there or predicts anything else.
    """
    answer = in_clean_process(logged, rows)
    if list(answer) != list(expected) or not np.array_equal(answer.to_numpy(), expected.to_numpy(), equal_nan=True):
        raise ContractError("the model predicts other numbers in a clean process than here; it was not registered.")


def in_clean_process(logged: ModelInfo, rows: pd.DataFrame) -> pd.DataFrame:
    """What a stored model says of rows in a process without the project or pickle.

    Raises ContractError when it does not load or answer there.
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
        return pd.read_parquet(answered)


def logged_files(logged: ModelInfo) -> dict[str, str]:
    """The hashes of a model's stored files."""
    return integrity.files_of(Path(mlflow.artifacts.download_artifacts(logged.model_uri)))


def register(client: MlflowClient, name: str, *, logged: ModelInfo, tags: Mapping[str, str]) -> str:
    """Register a verified model; gives its version."""
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
    """The version that the alias `champion` names, or None."""
    return aliased(client, name, CHAMPION)


def aliased(client: MlflowClient, name: str, alias: str) -> ModelVersion | None:
    """The version that an alias names, or None."""
    try:
        return client.get_model_version_by_alias(name, alias)
    except MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return None
        raise


def version(client: MlflowClient, name: str, number: str) -> ModelVersion:
    """A registered version. Raises MissingError when it does not exist."""
    try:
        return client.get_model_version(name, number)
    except MlflowException as error:
        if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise
        there = sorted(int(one.version) for one in client.search_model_versions(f"name = '{name}'"))
        raise MissingError(f"'{name}' has no version {number}; there are {there}.") from error


def first_of(client: MlflowClient, name: str, numbers: Iterable[str]) -> ModelVersion | None:
    """The first of these versions that still exists; None where none does."""
    for number in numbers:
        with suppress(MissingError):
            return version(client, name, number)
    return None


def refuse_other_kind(client: MlflowClient, name: str, kind: str) -> None:
    """Raise UsageError where versions of another kind bear this name already; the kind of a model of churn is empty."""
    for one in client.search_model_versions(f"name = '{name}'", max_results=1):
        if (there := one.tags.get(KIND, "")) != kind:
            raise UsageError(
                f"the registry has models of {there or 'churn'} by the name '{name}', and this spec makes one of"
                f" {kind or 'churn'}: two models of one name. Call the spec's file otherwise."
            )


def digest_of(found: ModelVersion) -> str:
    """The digest of a version's model; empty where it was not registered by this project."""
    return str(found.tags.get(DIGEST, ""))


def report_digest(found: ModelVersion) -> str | None:
    """The digest of the report registered with a version; None where it is lost."""
    try:
        return storage.digest(Path(mlflow.artifacts.download_artifacts(run_id=found.run_id, artifact_path=REPORT)))
    except (MlflowException, OSError):
        return None


def point(client: MlflowClient, name: str, number: str | None, alias: str = CHAMPION) -> None:
    """Set an alias to a version, or with None remove it. Raises MissingError when the version is gone."""
    if number is None:
        client.delete_registered_model_alias(name, alias)
        return
    version(client, name, number)
    client.set_registered_model_alias(name, alias, number)


def keep_head(client: MlflowClient, name: str, head: str) -> None:
    """Record the ledger's head in the registry, so that a lost or truncated ledger is detected."""
    client.set_registered_model_tag(name, LEDGER_HEAD, head)


def kept_head(client: MlflowClient, name: str) -> str | None:
    """The ledger's head as recorded in the registry, which may lag behind; None where there is none."""
    try:
        kept = client.get_registered_model(name).tags.get(LEDGER_HEAD)
    except MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return None
        raise
    return str(kept) if kept else None
