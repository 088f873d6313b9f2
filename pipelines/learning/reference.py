"""Making the reference of a model: how each column and prediction was distributed when it was learnt and judged."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd

from experiments.evaluation.monitoring.reference import GATE, TRAINING, KnownColumn, Reference
from experiments.rows.keys import row_keys
from experiments.sections.label import HasLabel
from experiments.sections.treatment import HasTreatment
from pipelines.files import storage
from pipelines.matrix import matrices
from pipelines.workspace import Workspace

# The record of the reference, an artifact of the model's MLflow run.
REFERENCE = "reference.json"
AT_ONCE = 32
SCORE, UPLIFT = "churn_probability", "uplift_"


class Compared(HasLabel, HasTreatment, Protocol):
    """A spec as far as the reference depends on it."""


def made(spec: Compared, workspace: Workspace) -> Reference:
    """The reference of the model in the workspace, which was evaluated: of its training rows and its gate cohort.

    Where the label says that leavers are no customers any more, they are left out: they are not among today's.
    """
    about = storage.read_json(workspace.model / "about.json")
    contract = storage.read_json(workspace.model / "challenger" / "contract.json")["columns"]
    gate = storage.read_parquet(workspace.evaluation / "gate.parquet").to_pandas()
    gate = gate[_still_there(spec, gate)]
    columns = tuple(_columns(spec, workspace, contract, gate))
    predictions = tuple(
        KnownColumn.of(name, {GATE: gate[name]}, category=False, ids={GATE: gate["customer_id"]})
        for name in predicted(spec.actions)
        if name in gate
    )
    return Reference(columns, predictions, tuple(about["training_dates"]), tuple(about["gate_dates"]))


def predicted(actions: Sequence[str]) -> list[str]:
    """The predictions that are watched: the score, and the uplift of each action."""
    return [SCORE, *(f"{UPLIFT}{action}" for action in actions)]


def _columns(
    spec: Compared, workspace: Workspace, contract: Sequence[dict[str, Any]], gate: pd.DataFrame
) -> Iterator[KnownColumn]:
    """Every input column; some are read at a time, so that little memory is needed."""
    keys = storage.read_parquet(workspace.model / "training.parquet")["row"].to_numpy()
    rows = matrices.read(workspace.matrix, matrices.LEARN, ["customer_id", "as_of", "churned"]).to_pandas()
    learnt = np.isin(row_keys(rows), keys) & _still_there(spec, rows)
    named = {TRAINING: rows.loc[learnt, "customer_id"], GATE: gate["customer_id"]}
    # As numbers: they are counted for every column.
    ids = {where: pd.Series(pd.factorize(one)[0]) for where, one in named.items()}
    for start in range(0, len(contract), AT_ONCE):
        part = {column["name"]: column["type"] == "category" for column in contract[start : start + AT_ONCE]}
        values = matrices.read(workspace.matrix, matrices.LEARN, list(part)).to_pandas().loc[learnt]
        for name, category in part.items():
            of = {TRAINING: values[name], GATE: gate[name]}
            yield KnownColumn.of(name, of, category=category, ids=ids)


def _still_there(spec: Compared, rows: pd.DataFrame) -> np.ndarray:
    """The rows that are compared with today's customers, shape (n_rows,)."""
    if not spec.label.leavers_are_gone:
        return np.ones(len(rows), dtype=np.bool_)
    stayed: np.ndarray = (rows["churned"] == 0).to_numpy()
    return stayed
