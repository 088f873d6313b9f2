"""XGBoost, a family as a stranger would write it: `experiments/families/xgboost.py` of a project that has it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna
import xgboost

from experiments.family import Family, Labels, Params, Portable, Prepared, RowIndex, Scores
from features.contract import Contract, Matrix

MOST_ROUNDS, PATIENCE = 300, 20
# The base score is a margin of 0: the mean is an offset of ours, which single precision would round.
FIXED = {"tree_method": "hist", "nthread": 1, "verbosity": 0, "base_score": 0.5, "objective": "binary:logistic"}
LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class XgboostModel:
    """A booster, and the log-odds (or the mean) that its trees start from."""

    booster: xgboost.Booster
    offset: float
    is_probability: bool
    learned: Mapping[str, float]

    def predict(self, X: Matrix) -> Scores:
        """XGBoost's own margin, as probability or as it is."""
        margin = self.offset + self.booster.predict(_table(X), output_margin=True).astype(np.float64)
        return np.asarray(1.0 / (1.0 + np.exp(-margin)) if self.is_probability else margin)

    def export(self) -> Portable:
        """The trees in XGBoost's own JSON."""
        text = self.booster.save_raw(raw_format="json").decode()
        plain = {"offset": self.offset, "is_probability": self.is_probability}
        return Portable("xgboost", plain, (json.dumps(json.loads(text)["learner"]["gradient_booster"]),))


def _table(X: Matrix, y: Labels | None = None, offset: float = 0.0) -> xgboost.DMatrix:
    """Rows as XGBoost reads them: in single precision, which ends at LARGEST."""
    rows = np.clip(X, -LARGEST, LARGEST).astype(np.float32)
    return xgboost.DMatrix(rows, y, base_margin=None if y is None else np.full(len(X), offset), nthread=1)


def search(trial: optuna.Trial) -> dict[str, Any]:
    """Small trees first."""
    return {
        "learning_rate": trial.suggest_float("learning_rate", 0.03, 0.3, log=True),
        "max_depth": trial.suggest_int("max_depth", 1, 6),
        "min_child_weight": trial.suggest_float("min_child_weight", 1.0, 50.0, log=True),
        "lambda": trial.suggest_float("lambda", 0.01, 100.0, log=True),
    }


def search_effects(trial: optuna.Trial) -> dict[str, Any]:
    """Small trees for effects, too."""
    return {"max_depth": trial.suggest_int("max_depth", 1, 4)}


def prepare(X: Matrix, y: Labels, _contract: Contract) -> Prepared:
    """Categories stay the numbers that they are."""
    return Prepared(X, y)


def fit(
    prepared: Prepared, index: RowIndex, *, params: Params, seed: int, stop_index: RowIndex | None = None
) -> XgboostModel:
    """Trees until the rows at stop_index no longer gain, or as many as an earlier fit found best."""
    share = (prepared.y[index].sum() + 1.0) / (len(index) + 2.0)
    offset = float(np.log(share / (1.0 - share)))
    settings = {**FIXED, **{key: value for key, value in params.items() if key not in ("rounds", "members")}}
    rounds = MOST_ROUNDS if stop_index is not None else round(params.get("rounds", MOST_ROUNDS))
    watched = {} if stop_index is None else {"evals": [(_rows(prepared, stop_index, offset), "stop")]}
    stop = {} if stop_index is None else {"early_stopping_rounds": PATIENCE, "verbose_eval": False}
    found = xgboost.train({**settings, "seed": seed}, _rows(prepared, index, offset), rounds, **watched, **stop)
    best = rounds if stop_index is None else found.best_iteration + 1
    return XgboostModel(found[:best], offset, is_probability=True, learned={"rounds": float(best)})


def regress(prepared: Prepared, index: RowIndex, *, params: Params, seed: int) -> XgboostModel:
    """Trees of least squares round the mean."""
    offset = float(prepared.y[index].mean())
    settings = {**FIXED, "objective": "reg:squarederror", "base_score": 0.0, "max_depth": params["max_depth"]}
    rounds = round(params.get("rounds", 50))
    found = xgboost.train({**settings, "learning_rate": 0.1, "seed": seed}, _rows(prepared, index, offset), rounds)
    return XgboostModel(found, offset, is_probability=False, learned={})


def _rows(prepared: Prepared, index: RowIndex, offset: float) -> xgboost.DMatrix:
    at = np.sort(index)
    found = _table(prepared.rows[at], prepared.y[at], offset)
    if (weights := prepared.weights_of(at)) is not None:
        found.set_weight(weights)
    return found


FAMILY = Family(
    name="xgboost",
    meaning="gradient-boosted trees of XGBoost",
    search=search,
    starting_points=({"learning_rate": 0.1, "max_depth": 3, "min_child_weight": 5.0, "lambda": 1.0},),
    prepare=prepare,
    fit=fit,
    search_effects=search_effects,
    effect_point={"max_depth": 3},
    regress=regress,
)
