"""Gradient-boosted trees (LightGBM), small and strongly regularised, as the mean of a few boosters."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
import optuna

from experiments.family import Family, Labels, Params, Portable, Prepared, RowIndex, Scores
from features.contract import Contract, Matrix

MOST_ROUNDS = 400
PATIENCE = 25
FINAL_MEMBERS = 3
FIXED: Mapping[str, Any] = {
    "objective": "binary",
    "metric": "binary_logloss",
    "bagging_freq": 1,
    "deterministic": True,
    "force_col_wise": True,
    "num_threads": 2,
    "max_bin": 63,
    "feature_pre_filter": False,
    "verbose": -1,
}


@dataclass(frozen=True)
class LightgbmModel:
    """The mean of a few boosters that differ in their seed only."""

    boosters: tuple[lgb.Booster, ...]
    learned: Mapping[str, float]

    def predict(self, X: Matrix) -> Scores:
        """Mean of the boosters' probabilities, added in order."""
        total = np.zeros(len(X))
        for booster in self.boosters:
            total = total + booster.predict(X, num_threads=2)
        return total / len(self.boosters)

    def export(self) -> Portable:
        """Each booster in LightGBM's own text."""
        return Portable("lightgbm", {}, tuple(booster.model_to_string() for booster in self.boosters))


def search(trial: optuna.Trial) -> dict[str, Any]:
    """Small trees first: retention data are small and noisy, and LightGBM's defaults overfit them."""
    return {
        "learning_rate": trial.suggest_float("learning_rate", 0.03, 0.2, log=True),
        "num_leaves": trial.suggest_int("num_leaves", 3, 32, log=True),
        "min_data_in_leaf": trial.suggest_int("min_data_in_leaf", 5, 200, log=True),
        "feature_fraction": trial.suggest_float("feature_fraction", 0.2, 1.0),
        "bagging_fraction": trial.suggest_float("bagging_fraction", 0.4, 1.0),
        "lambda_l2": trial.suggest_float("lambda_l2", 0.01, 100.0, log=True),
        "path_smooth": trial.suggest_float("path_smooth", 0.01, 100.0, log=True),
    }


STARTING_POINT = {
    "learning_rate": 0.05,
    "num_leaves": 5,
    "min_data_in_leaf": 30,
    "feature_fraction": 0.4,
    "bagging_fraction": 0.7,
    "lambda_l2": 5.0,
    "path_smooth": 1.0,
}


def prepare(X: Matrix, y: Labels, contract: Contract) -> Prepared:
    """Bin the rows once; every trial, fold and arm then takes a subset of the same bins."""
    categories = [position for position, column in enumerate(contract.columns) if column.type == "category"]
    binned = lgb.Dataset(X, y, categorical_feature=categories, params=dict(FIXED), free_raw_data=True)
    return Prepared(binned.construct(), y)


def fit(
    prepared: Prepared, index: RowIndex, *, params: Params, seed: int, stop_index: RowIndex | None = None
) -> LightgbmModel:
    """One booster that stops when the rows at stop_index no longer gain, or else FINAL_MEMBERS of `rounds` rounds."""
    settings = {**FIXED, **params}
    rounds = max(1, round(settings.pop("rounds", MOST_ROUNDS)))
    rows = prepared.rows.subset(np.sort(index))
    if stop_index is None:
        boosters = tuple(lgb.train({**settings, "seed": seed + k}, rows, rounds) for k in range(FINAL_MEMBERS))
        return LightgbmModel(boosters, {"rounds": float(rounds)})
    booster = lgb.train(
        {**settings, "seed": seed},
        rows,
        MOST_ROUNDS,
        valid_sets=[prepared.rows.subset(np.sort(stop_index))],
        callbacks=[lgb.early_stopping(PATIENCE, verbose=False)],
    )
    return LightgbmModel((booster,), {"rounds": float(booster.best_iteration)})


FAMILY = Family("lightgbm", "gradient-boosted trees", search, (STARTING_POINT,), prepare, fit)
