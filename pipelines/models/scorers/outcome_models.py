"""The scorer of a registered model: rows in; risk, uplift and reasons out.

With `cells`, `reading`, `models` and the model's kinds before it, in one file, it is copied into the model and runs
without the project. All import libraries only. Next to it lie `contract.json` (what the rows must hold), `model.json`
and the boosters.
"""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.models.scorers.models import KINDS, ROWS_AT_ONCE, ROWS_EACH, THREADS, Model
from pipelines.models.scorers.reading import Numbers, Plain, Reader, table

CONTROL = "control"
NEAREST_TO_CERTAIN = float(np.finfo(np.float64).eps)


def calibrated(raw: Numbers, calibration: Plain) -> Numbers:
    """The logistic function of slope * logit(raw) + intercept."""
    clipped = np.clip(raw, NEAREST_TO_CERTAIN, 1.0 - NEAREST_TO_CERTAIN)
    log_odds = calibration["intercept"] + calibration["slope"] * np.log(clipped / (1.0 - clipped))
    return np.asarray(1.0 / (1.0 + np.exp(-log_odds)))


def effect(terms: list[Plain], said: dict[str, Numbers], without: str) -> Numbers:
    """The reduction of the untreated model's probability by an action, limited so that the rest is in [0, 1].

    It is weights times what models say, added up.
    """
    total = np.zeros(len(said[without]))
    for term in terms:
        product = np.full(len(total), term["weight"])
        for name in term["models"]:
            product = product * said[name]
        total = total + product
    return np.clip(total, said[without] - 1.0, said[without])


def readable(value: float) -> str:
    """A number with three significant digits, and no decimals from 100 on."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def in_parts(X: Numbers, ask: Callable[[Numbers], Numbers]) -> Numbers:
    """The result of ask on the rows, shape (..., n_rows); many rows are split over a few threads."""
    threads = max(1, min(THREADS, len(X) // ROWS_EACH))
    parts = threads * ceil(len(X) / (threads * ROWS_AT_ONCE))
    if parts <= 1:
        return ask(X)
    size = ceil(len(X) / parts)
    with ThreadPoolExecutor(threads) as pool:
        return np.concatenate(list(pool.map(ask, (X[k : k + size] for k in range(0, len(X), size)))), axis=-1)


def wanted(reasons: Any) -> int:
    """The number of reasons. Raises ValueError unless it is a non-negative integer."""
    if isinstance(reasons, bool) or not isinstance(reasons, int | np.integer) or reasons < 0:
        raise ValueError(f"reasons is how many to give: a whole number, 0 or more; it is {reasons!r}")
    return int(reasons)


class Scorer:
    """All predictions from a folder with `contract.json` and `model.json`."""

    def __init__(self, folder: Path | str) -> None:
        folder = Path(folder)
        self.columns = json.loads((folder / "contract.json").read_text(encoding="utf-8"))["columns"]
        self.reader = Reader(self.columns)
        described = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        self.typical: dict[str, float] = described["typical"]
        self.effects: dict[str, list[Plain]] = described["effects"]
        self.outputs = pd.Index(["churn_score", "churn_probability", *(f"uplift_{action}" for action in self.effects)])
        self.without: str = described.get("without", CONTROL)  # models made before it had a name have the risk
        self.calibrations = {name: model["calibration"] for name, model in described["models"].items()}
        self.models: dict[str, Model] = {
            name: KINDS[model["kind"]](
                model["plain"], [(folder / file).read_text(encoding="utf-8") for file in model["texts"]]
            )
            for name, model in described["models"].items()
        }

    def score(self, rows: Any, reasons: int = 0) -> pd.DataFrame:
        """churn_score (uncalibrated), churn_probability, uplift_<action> and reason_1 ... of every row.

        Raises ValueError for rows that cannot be read (see `Reader.read`) and for a number of reasons that is none.
        """
        how_many, asked = wanted(reasons), table(rows)
        X = self.reader.read(asked)
        raw = dict(zip(self.models, in_parts(X, self._raw), strict=True))
        said = {
            name: calibrated(values, self.calibrations[name]) if self.calibrations[name] else values
            for name, values in raw.items()
        }
        uplifts = [effect(terms, said, self.without) for terms in self.effects.values()]
        scored = pd.DataFrame(
            np.array([raw[CONTROL], said[CONTROL], *uplifts]).T, index=asked.index, columns=self.outputs
        )
        return scored.assign(**self.reasons(asked, X, how_many)) if how_many else scored

    def _raw(self, X: Numbers) -> Numbers:
        """The prediction of each model, shape (n_models, n_rows)."""
        part = np.ascontiguousarray(X)
        return np.stack([model.predict(part) for model in self.models.values()])

    def reasons(self, rows: pd.DataFrame, X: Numbers, how_many: int) -> dict[str, pd.Series]:
        """The columns that raise the risk most, in words; empty texts where fewer columns raise it."""
        starts = range(0, max(1, len(X)), ROWS_AT_ONCE)
        parts = [self._strongest(X[start : start + ROWS_AT_ONCE], how_many) for start in starts]
        order, raises = (np.concatenate(each) for each in zip(*parts, strict=True))
        texts = [
            [
                self.words(rows, X, row, int(j)) if up else ""
                for row, (j, up) in enumerate(zip(chosen, ups, strict=True))
            ]
            for chosen, ups in zip(order.T, raises.T, strict=True)
        ]
        return {f"reason_{k + 1}": pd.Series(each, rows.index, dtype="str") for k, each in enumerate(texts)}

    def _strongest(self, X: Numbers, how_many: int) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """The columns that add most to each row's log-odds, strongest first, and whether they raise it."""
        contributions = self.models[CONTROL].contributions(np.ascontiguousarray(X))[:, : len(self.columns)]
        order = np.argsort(-contributions, axis=1, kind="stable")[:, :how_many]
        return order, np.take_along_axis(contributions, order, axis=1) > 0

    def words(self, rows: pd.DataFrame, X: Numbers, row: int, j: int) -> str:
        """One reason: the feature's meaning, its value, and the typical value."""
        column, value = self.columns[j], float(X[row, j])
        meaning = column["meaning"].split(";")[0]
        if column["type"] == "category":
            sent = rows[column["name"]].iloc[row] if np.isnan(value) else column["categories"][int(value)]
            return f"{meaning}: {sent if isinstance(sent, str) and sent.strip() else 'not known'}"
        shown = "none" if np.isnan(value) else readable(value)
        return f"{meaning}: {shown} (typical {readable(self.typical[column['name']])})"


# Who wants no more than `Scorer` runs this text under the name "scorer", and need not wait for MLflow.
if __name__ != "scorer":
    import mlflow
    from mlflow.exceptions import MlflowException
    from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
    from mlflow.pyfunc.model import PythonModel, PythonModelContext

    class RefusedError(MlflowException, ValueError):
        """Rows or parameters that cannot be read: MLflow's server answers 400 with the sentence."""

    class OutcomeModels(PythonModel):
        """The MLflow python model."""

        def load_context(self, context: PythonModelContext) -> None:
            """Read the model's files."""
            self.scorer = Scorer(context.artifacts["model"])

        def predict(
            self,
            context: PythonModelContext,  # noqa: ARG002 - MLflow's signature
            model_input: pd.DataFrame,  # or what `table` takes, but MLflow reads this type
            params: dict[str, int] | None = None,
        ) -> pd.DataFrame:
            """Score the rows; params may hold `reasons`, the number of reasons (default none)."""
            try:
                return self.scorer.score(model_input, reasons=(params or {}).get("reasons", 0))
            except ValueError as error:
                raise RefusedError(str(error), error_code=INVALID_PARAMETER_VALUE) from error

    mlflow.models.set_model(OutcomeModels())
