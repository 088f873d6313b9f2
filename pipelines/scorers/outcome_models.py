"""The scorer of a registered model: rows in, risk, uplift and reasons out.

This file is copied into the model and runs without the project: it imports libraries only. Next to it lie
`contract.json` (what the rows must hold), `model.json` (the outcome models) and the boosters as text.
"""

import json
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Plain = dict[str, Any]

CONTROL = "control"
NEAREST_TO_CERTAIN = float(np.finfo(np.float64).eps)


class Model(Protocol):
    """A model of a probability, or of a number such as an effect."""

    def predict(self, X: Numbers) -> Numbers:
        """Uncalibrated probability, or the number, shape (n_rows,)."""

    def contributions(self, X: Numbers) -> Numbers:
        """What each column adds to the log-odds, against the typical customer, shape (n_rows, n_columns)."""


class Prior:
    """One number for all."""

    def __init__(self, plain: Plain, _texts: list[str]) -> None:
        self.probability = plain["probability"]

    def predict(self, X: Numbers) -> Numbers:
        """The same for every row."""
        return np.full(len(X), self.probability)

    def contributions(self, X: Numbers) -> Numbers:
        """Nothing adds anything."""
        return np.zeros(X.shape)


class Linear:
    """A weighted sum of terms, added one after another, so that the batch size changes no bit."""

    def __init__(self, plain: Plain, _texts: list[str]) -> None:
        self.terms, self.centres = plain["terms"], np.array(plain["centres"])
        self.coefficients, self.intercept = plain["coefficients"], plain["intercept"]

    @staticmethod
    def expand(terms: Plain, values: Numbers) -> list[Numbers]:
        """The terms of one column: one for each category, or a number standardised, its hinges and if it is missing."""
        if terms["n_categories"]:
            return [(values == code).astype(float) for code in range(terms["n_categories"])]
        missing = np.isnan(values)
        standard = (np.where(missing, terms["median"], values) - terms["median"]) / terms["scale"]
        return [standard, *(np.maximum(standard - knot, 0.0) for knot in terms["knots"]), missing.astype(float)]

    def predict(self, X: Numbers) -> Numbers:
        """The sum."""
        total, weights = np.full(len(X), self.intercept), iter(self.coefficients)
        for position, terms in enumerate(self.terms):
            for term in self.expand(terms, X[:, position]):
                total = total + next(weights) * term
        return total

    def contributions(self, X: Numbers) -> Numbers:
        """Each column's part of the sum, less its mean over the training rows."""
        found, weights = np.zeros(X.shape), iter(self.coefficients)
        for position, terms in enumerate(self.terms):
            for term in self.expand(terms, X[:, position]):
                found[:, position] += next(weights) * term
        return np.asarray(found - self.centres)


class Logistic(Linear):
    """The same sum as log-odds."""

    def predict(self, X: Numbers) -> Numbers:
        """The logistic function of the sum."""
        return np.asarray(1.0 / (1.0 + np.exp(-super().predict(X))))


class Lightgbm:
    """The mean of a few boosters; given stands for further columns, the same in all rows."""

    def __init__(self, plain: Plain, texts: list[str]) -> None:
        import lightgbm  # only a model that holds boosters requires it

        self.given = plain["given"]
        self.boosters = [lightgbm.Booster(model_str=text) for text in texts]

    def predict(self, X: Numbers) -> Numbers:
        """Mean of what the boosters say, added in order."""
        rows = np.hstack([X, np.tile(self.given, (len(X), 1))]) if self.given else X
        total = np.zeros(len(X))
        for booster in self.boosters:
            total = total + booster.predict(rows, num_threads=2)
        return np.asarray(total / len(self.boosters))

    def contributions(self, X: Numbers) -> Numbers:
        """Exact Shapley contributions (Lundberg et al. 2020) to the first booster; the others differ by seed only."""
        return np.asarray(self.boosters[0].predict(X, pred_contrib=True, num_threads=2))[:, :-1]


KINDS: dict[str, Any] = {"prior": Prior, "linear": Linear, "logistic": Logistic, "lightgbm": Lightgbm}


def encode(rows: pd.DataFrame, columns: list[Plain]) -> Numbers:
    """The rows as doubles; a category is its index, an unknown category or a missing value is NaN.

    Raises ValueError when a column is missing.
    """
    if missing := [column["name"] for column in columns if column["name"] not in rows.columns]:
        raise ValueError(f"the rows have no column {missing}; the contract asks for them")
    encoded = np.empty((len(rows), len(columns)))
    for position, column in enumerate(columns):
        values = rows[column["name"]]
        if column["type"] == "number":
            encoded[:, position] = values.to_numpy(dtype=float, na_value=np.nan)
        else:
            codes = pd.Index(column["categories"]).get_indexer(pd.Index(values.astype(object))).astype(float)
            encoded[:, position] = np.where(codes < 0, np.nan, codes)
    return encoded


def calibrated(raw: Numbers, calibration: Plain) -> Numbers:
    """The logistic function of slope * logit(raw) + intercept."""
    clipped = np.clip(raw, NEAREST_TO_CERTAIN, 1.0 - NEAREST_TO_CERTAIN)
    log_odds = calibration["intercept"] + calibration["slope"] * np.log(clipped / (1.0 - clipped))
    return np.asarray(1.0 / (1.0 + np.exp(-log_odds)))


def effect(terms: list[Plain], said: dict[str, Numbers], without: str) -> Numbers:
    """By how much an action lowers what the model called without says of no action; what is left is in [0, 1].

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
    """A number as people write it: three digits, and no fraction from 100 on."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


class Scorer:
    """Everything that a folder with `contract.json` and `model.json` can say of a row."""

    def __init__(self, folder: Path | str) -> None:
        folder = Path(folder)
        self.columns = json.loads((folder / "contract.json").read_text(encoding="utf-8"))["columns"]
        described = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        self.typical: dict[str, float] = described["typical"]
        self.effects: dict[str, list[Plain]] = described["effects"]
        self.without: str = described.get("without", CONTROL)  # models made before it had a name have the risk
        self.calibrations = {name: model["calibration"] for name, model in described["models"].items()}
        self.models: dict[str, Model] = {
            name: KINDS[model["kind"]](
                model["plain"], [(folder / file).read_text(encoding="utf-8") for file in model["texts"]]
            )
            for name, model in described["models"].items()
        }

    def score(self, rows: pd.DataFrame, reasons: int = 0) -> pd.DataFrame:
        """churn_score (uncalibrated), churn_probability, uplift_<action> and reason_1 ... of every row."""
        X = encode(rows, self.columns)
        raw = {name: model.predict(X) for name, model in self.models.items()}
        said = {
            name: calibrated(values, self.calibrations[name]) if self.calibrations[name] else values
            for name, values in raw.items()
        }
        found: dict[str, Any] = {"churn_score": raw[CONTROL], "churn_probability": said[CONTROL]}
        found |= {f"uplift_{action}": effect(terms, said, self.without) for action, terms in self.effects.items()}
        if reasons:
            found |= self.reasons(rows, X, reasons)
        return pd.DataFrame(found, index=rows.index)

    def reasons(self, rows: pd.DataFrame, X: Numbers, how_many: int) -> dict[str, list[str]]:
        """The columns that raise the risk most, in words; an empty text where no further column raises it."""
        contributions = self.models[CONTROL].contributions(X)
        order = np.argsort(-contributions, axis=1, kind="stable")[:, :how_many]
        raises = np.take_along_axis(contributions, order, axis=1) > 0
        words = {
            j: [self.words(self.columns[j], value) for value in rows[self.columns[j]["name"]]] for j in np.unique(order)
        }
        return {
            f"reason_{place + 1}": [
                words[j][row] if up else "" for row, (j, up) in enumerate(zip(chosen, ups, strict=True))
            ]
            for place, (chosen, ups) in enumerate(zip(order.T, raises.T, strict=True))
        }

    def words(self, column: Plain, value: Any) -> str:
        """One reason: the meaning, the value, and what is typical."""
        meaning = column["meaning"].split(";")[0]
        if column["type"] == "category":
            return f"{meaning}: {value if isinstance(value, str) else 'not known'}"
        shown = "none" if pd.isna(value) else readable(value)
        return f"{meaning}: {shown} (typical {readable(self.typical[column['name']])})"


# Who wants no more than `Scorer` runs this text under the name "scorer", and need not wait for MLflow.
if __name__ != "scorer":
    import mlflow
    from mlflow.pyfunc.model import PythonModel, PythonModelContext

    class OutcomeModels(PythonModel):
        """What MLflow calls."""

        def load_context(self, context: PythonModelContext) -> None:
            """Read the model's files."""
            self.scorer = Scorer(context.artifacts["model"])

        def predict(
            self,
            context: PythonModelContext,  # noqa: ARG002 - MLflow's signature
            model_input: pd.DataFrame,
            params: dict[str, int] | None = None,
        ) -> pd.DataFrame:
            """Score the rows; params may hold `reasons`, how many to give (default none)."""
            return self.scorer.score(model_input, reasons=(params or {}).get("reasons", 0))

    mlflow.models.set_model(OutcomeModels())
