"""Whether challenger and champion give the same predictions on all available rows."""

from collections.abc import Iterator

import pandas as pd
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from experiments.spec import ExperimentSpec
from features.contract import Contract
from features.errors import ContractError
from pipelines.champion import identity, loading
from pipelines.champion.identity import Says
from pipelines.champion.succession import Standing
from pipelines.files import storage
from pipelines.matrix import matrices
from pipelines.workspace import Workspace


def compared(
    spec: ExperimentSpec, workspace: Workspace, models: tuple[ModelVersion, ModelVersion], ledger: Standing
) -> str | None:
    """The rows on which challenger and champion agree bit for bit; None where they differ anywhere.

    They are asked about the gate rows, about all customers of today and about random rows, for which the contract is a
    frame and no limit.
    """
    sizes = []
    try:
        challenger, champion = (_says(spec.name, model, ledger) for model in models)
        for rows in _samples(workspace):
            if not identity.same(challenger, champion, rows, reasons=spec.score.reasons):
                return None
            sizes.append(f"{len(rows):,}")
    except (ContractError, MlflowException, ValueError, KeyError):
        return None  # what does not predict is no copy; the gate says what is wrong with it
    gate, today, random = sizes
    return f"on {gate} gate rows, {today} customers of today and {random} random rows"


def _samples(workspace: Workspace) -> Iterator[pd.DataFrame]:
    """The samples, read one after the other: most models differ on the first."""
    yield storage.read_parquet(workspace.evaluation / "gate.parquet").to_pandas()
    yield matrices.read(workspace.matrix, matrices.SCORE).to_pandas()
    contract = Contract.from_dict(storage.read_json(workspace.matrix / "contract.json"))
    yield identity.random_rows(contract)


def _says(name: str, model: ModelVersion, ledger: Standing) -> Says:
    loaded = loading.predictor(name, str(model.version), loading.seal_of(model, ledger))
    return lambda rows, reasons: loading.predict(loaded, rows, reasons=reasons)
