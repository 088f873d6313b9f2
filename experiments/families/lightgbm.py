"""Gradient-boosted trees (LightGBM), small and strongly regularised, averaged over a few boosters."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import lightgbm as lgb
import numpy as np
import optuna

from experiments.family import Family, Labels, Params, Portable, Prepared, RowIndex, Scores
from experiments.statistics import draft_rate
from experiments.statistics.stopping_loss import StoppingLoss
from features.contract import Contract, Matrix

# No more than a guard: a fit stops when it no longer gains.
MOST_ROUNDS = 3000
PATIENCE = 50
FINAL_MEMBERS = 3
MOST_ROUNDS_OF_EFFECTS = 100
PATIENCE_OF_EFFECTS = 20
FEW_ROWS = 200_000
ENOUGH_TO_HURRY = 10_000
FEWEST_IN_LEAF = 20
FEW_ENOUGH_FOR_ALL_PARTS = 2000
OURS = ("rounds", "members", "share_in_leaf")  # settings of ours, not of LightGBM
FIXED: Mapping[str, Any] = {
    "objective": "binary",
    "metric": "None",
    "bagging_freq": 1,
    "deterministic": True,
    "force_col_wise": True,
    "max_bin": 63,
    "feature_pre_filter": False,
    "verbose": -1,
}
FIXED_OF_EFFECTS: Mapping[str, Any] = {
    "objective": "regression",
    "metric": "l2",
    "learning_rate": 0.05,
    "feature_fraction": 0.4,
    "bagging_fraction": 0.5,
    "lambda_l2": 20.0,
}


@dataclass(frozen=True)
class LightgbmModel:
    """The mean of a few boosters that differ in their seed only; given are extra columns, constant over the rows."""

    boosters: tuple[lgb.Booster, ...]
    learned: Mapping[str, float]
    given: tuple[float, ...] = ()

    def predict(self, X: Matrix) -> Scores:
        """Mean of the boosters' predictions, added in order."""
        rows = np.hstack([X, np.tile(self.given, (len(X), 1))]) if self.given else X
        total = np.zeros(len(X))
        for booster in self.boosters:
            total = total + booster.predict(rows, num_threads=threads(len(rows)))
        return total / len(self.boosters)

    def export(self) -> Portable:
        """Each booster in LightGBM's own text."""
        texts = tuple(booster.model_to_string() for booster in self.boosters)
        return Portable("lightgbm", {"given": list(self.given)}, texts)


def threads(n_rows: int) -> int:
    """How many threads to use for so many rows: on few rows a second thread costs more than it saves.

    It follows from the rows alone, for LightGBM promises the same model for the same number of threads only.
    """
    return 1 if n_rows < FEW_ROWS else 2


def search(trial: optuna.Trial) -> dict[str, Any]:
    """Small trees first: retention data are small and noisy, and LightGBM's defaults overfit them."""
    return {
        "learning_rate": trial.suggest_float("learning_rate", 0.03, 0.2, log=True),
        "num_leaves": trial.suggest_int("num_leaves", 3, 128, log=True),
        "min_data_in_leaf": trial.suggest_int("min_data_in_leaf", 5, 200, log=True),
        "feature_fraction": trial.suggest_float("feature_fraction", 0.2, 1.0),
        "bagging_fraction": trial.suggest_float("bagging_fraction", 0.4, 1.0),
        "lambda_l2": trial.suggest_float("lambda_l2", 0.01, 100.0, log=True),
        "path_smooth": trial.suggest_float("path_smooth", 0.01, 100.0, log=True),
    }


def search_effects(trial: optuna.Trial) -> dict[str, Any]:
    """Few and small trees on large leaves: pseudo-outcomes are nearly all noise. Rounds are cross-validated."""
    return {
        "num_leaves": trial.suggest_int("num_leaves", 2, 12, log=True),
        "share_in_leaf": trial.suggest_float("share_in_leaf", 0.01, 0.15, log=True),
    }


EFFECT_POINT = {"num_leaves": 3, "share_in_leaf": 0.04}
STARTING_POINT = {
    "learning_rate": 0.05,
    "num_leaves": 5,
    "min_data_in_leaf": 30,
    "feature_fraction": 0.4,
    "bagging_fraction": 0.7,
    "lambda_l2": 5.0,
    "path_smooth": 1.0,
}
# LightGBM's own, and nearly those of scikit-learn's HistGradientBoostingClassifier; both leave the two last ones out.
DEFAULTS = {
    "learning_rate": 0.1,
    "num_leaves": 31,
    "min_data_in_leaf": 20,
    "feature_fraction": 1.0,
    "bagging_fraction": 1.0,
    "lambda_l2": 0.01,
    "path_smooth": 0.01,
}


def prepare(X: Matrix, y: Labels, contract: Contract) -> Prepared:
    """Bin the rows once; every trial, fold and arm then takes a subset of the same bins."""
    categories = [position for position, column in enumerate(contract.columns) if column.type == "category"]
    params = _settings(FIXED, len(X))
    binned = lgb.Dataset(X, y, categorical_feature=categories, params=params, free_raw_data=True)
    return Prepared(binned.construct(), y)


def fit(
    prepared: Prepared, index: RowIndex, *, params: Params, seed: int, stop_index: RowIndex | None = None
) -> LightgbmModel:
    """One booster that stops when the rows at stop_index no longer gain, or else `members` of `rounds` rounds.

    One booster is a draft. Of many rows its later rounds learn faster: see `experiments.statistics.draft_rate`.
    """
    rows = _subset(prepared, index, n_rows=len(index))
    if (weights := prepared.weights_of(np.sort(index))) is not None:
        rows.construct().set_weight(weights)
    if stop_index is None:
        return _of_rounds(rows, {**FIXED, "rounds": MOST_ROUNDS, **params}, n_rows=len(index), seed=seed)
    rates = _rates_of_a_draft(params, MOST_ROUNDS, n_rows=len(index))
    booster = lgb.train(
        {**_settings({**FIXED, **params}, len(index)), "seed": seed},
        rows,
        len(rates),
        valid_sets=[_subset(prepared, np.sort(stop_index), n_rows=len(index))],
        feval=StoppingLoss(prepared.y[np.sort(stop_index)], prepared.weights_of(np.sort(stop_index))),
        callbacks=[lgb.early_stopping(PATIENCE, verbose=False), lgb.reset_parameter(learning_rate=rates)],
    )
    rounds = min(draft_rate.equal_rounds(rates[: booster.best_iteration]), MOST_ROUNDS)
    return LightgbmModel((booster,), {"rounds": float(rounds)})


def regress(prepared: Prepared, index: RowIndex, *, params: Params, seed: int) -> LightgbmModel:
    """The mean of `members` least-squares boosters; cross-validation over the parts chooses the number of rounds."""
    at = np.sort(index)
    settings = {**FIXED, **FIXED_OF_EFFECTS, **params}
    settings["min_data_in_leaf"] = max(FEWEST_IN_LEAF, round(settings["share_in_leaf"] * len(at)))
    if "rounds" not in settings:
        settings["rounds"] = _rounds(prepared, at, settings=settings, seed=seed)
    return replace(_of_rounds(_labelled(prepared, at), settings, n_rows=len(at), seed=seed), learned={})


def _rounds(prepared: Prepared, at: RowIndex, *, settings: Params, seed: int) -> int:
    """The number of rounds with the lowest average squared error over the held-out parts.

    Each part is held out in turn, of many rows two of the parts only: they tell enough.
    """
    part = prepared.parts_of(at)
    parts = np.unique(part)
    if len(parts) < 2:
        return 1
    held_out = parts if len(at) < FEW_ENOUGH_FOR_ALL_PARTS else parts[:2]
    found = lgb.cv(
        {**_settings(settings, len(at)), "seed": seed},
        _labelled(prepared, at),
        MOST_ROUNDS_OF_EFFECTS,
        folds=[(np.flatnonzero(part != held), np.flatnonzero(part == held)) for held in held_out],
        callbacks=[lgb.early_stopping(PATIENCE_OF_EFFECTS, verbose=False)],
    )
    return len(found["valid l2-mean"])


def _labelled(prepared: Prepared, at: RowIndex) -> lgb.Dataset:
    """The rows at `at`, binned with all others, with targets of their own."""
    rows = _subset(prepared, at, n_rows=len(at)).construct()
    rows.set_label(prepared.y[at])
    return rows


def _subset(prepared: Prepared, index: RowIndex, *, n_rows: int) -> lgb.Dataset:
    """The rows at index, for a fit to n_rows rows.

    LightGBM counts its threads for the whole process, and whatever was made last has set them: rows to stop by, too.
    """
    return prepared.rows.subset(np.sort(index), params=_settings(FIXED, n_rows))


def _settings(params: Params, n_rows: int) -> dict[str, Any]:
    """LightGBM's parameters."""
    return {**{key: value for key, value in params.items() if key not in OURS}, "num_threads": threads(n_rows)}


def _of_rounds(rows: lgb.Dataset, params: Params, *, n_rows: int, seed: int) -> LightgbmModel:
    rounds, members = max(1, round(params["rounds"])), params.get("members", FINAL_MEMBERS)
    settings = _settings(params, n_rows)
    if members == 1:
        rates = _rates_of_a_draft(params, params["rounds"], n_rows=n_rows)
        own = lgb.reset_parameter(learning_rate=rates)
        boosters = (lgb.train({**settings, "seed": seed}, rows, len(rates), callbacks=[own]),)
    else:
        boosters = tuple(lgb.train({**settings, "seed": seed + k}, rows, rounds) for k in range(members))
    return LightgbmModel(boosters, {"rounds": float(rounds)})


def _rates_of_a_draft(params: Params, rounds: float, *, n_rows: int) -> list[float]:
    """The learning rate of each round; on few rows, which cost little, it stays."""
    rate = float(params.get("learning_rate", DEFAULTS["learning_rate"]))
    return draft_rate.rates(rate, rounds) if n_rows >= ENOUGH_TO_HURRY else [rate] * max(1, round(rounds))


def prepare_jointly(prepared: Prepared, X: Matrix, given: Matrix, contract: Contract) -> Prepared:
    """The rows with indicator columns for what was given."""
    joined = prepare(np.hstack([X, given]), prepared.y, contract)
    return replace(joined, rows=(joined.rows, given.shape[1]))


def fit_jointly(prepared: Prepared, index: RowIndex, *, params: Params, seed: int) -> tuple[LightgbmModel, ...]:
    """The same boosters, evaluated with nothing given and with each thing given."""
    rows, n_given = prepared.rows
    model = fit(replace(prepared, rows=rows), index, params=params, seed=seed)
    asked = np.vstack([np.zeros(n_given), np.eye(n_given)])
    return tuple(replace(model, given=tuple(one.tolist())) for one in asked)


FAMILY = Family(
    name="lightgbm",
    meaning="gradient-boosted trees",
    search=search,
    starting_points=(STARTING_POINT,),
    prepare=prepare,
    fit=fit,
    defaults=(DEFAULTS,),
    search_effects=search_effects,
    effect_point=EFFECT_POINT,
    regress=regress,
    prepare_jointly=prepare_jointly,
    fit_jointly=fit_jointly,
)
