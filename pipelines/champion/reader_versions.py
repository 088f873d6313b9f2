"""Readers of texts as versions in MLflow's registry: stored, and verified in a clean process."""

from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.models import ModelSignature
from mlflow.models.model import ModelInfo
from mlflow.types import ColSpec, DataType, Schema, TensorSpec

from experiments.texts.reading import CLASSES
from experiments.texts.spec import KIND
from features.errors import ContractError
from pipelines.champion import model_versions
from pipelines.models import integrity
from pipelines.models.text_readers import folders

# Where a reader's folder lies in the files of a version.
READER = f"artifacts/{folders.READER}"
TEXT = "text"
TYPES = {"confidence": DataType.double, "tone": DataType.double, "known": DataType.boolean} | dict.fromkeys(
    CLASSES, DataType.double
)


def digest(folder: Path) -> str:
    """SHA-256, 64 hex digits, of all files of a reader's folder by their names, whatever their order."""
    return integrity.summary(integrity.files_of(folder))


def log_reader(folder: Path, *, example: pd.DataFrame, output: pd.DataFrame) -> ModelInfo:
    """Store a reader's folder in the active run, without registering it; example has a column `text`."""
    outputs: list[ColSpec | TensorSpec] = [ColSpec(TYPES.get(name, DataType.string), name) for name in output.columns]
    return model_versions.log_scorer(
        folder,
        under=folders.READER,
        signature=ModelSignature(None, Schema(outputs)),
        example=example,
        metadata={model_versions.KIND: KIND, model_versions.COLUMNS: [{"name": TEXT, "type": "text"}]},
        required=["mlflow==" + mlflow.__version__, *folders.requirements()],
    )


def verify(logged: ModelInfo, *, rows: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Load a reader in a process without the project, and compare what it says bit for bit.

    Raises ContractError when it does not load there or says anything else.
    """
    answer = model_versions.in_clean_process(logged, rows)
    if differ(answer, expected):
        raise ContractError("the reader says something else in a clean process than here; it was not registered.")


def differ(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Whether two readers said different things of the same texts, by the bit; missing topics are alike."""
    return (
        list(one) != list(other)
        or len(one) != len(other)
        or any(_values(one[name]) != _values(other[name]) for name in one)
    )


def _values(column: pd.Series) -> list[Any]:
    return [None if value is None or value != value else value for value in column.tolist()]  # noqa: PLR0124 - NaN
