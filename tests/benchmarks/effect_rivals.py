"""Uplift learners of causalml and EconML, as a careful user would set them up, to measure ours against.

Missing numbers are imputed by the median and flagged, numbers standardised, categories one-hot. Regressions are
penalised by cross-validation; boosters are small. Propensities are the logged ones where there are any, estimated
otherwise. EconML is no requirement of ours: without it its learners are left out.
"""

import importlib.util
import logging
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import lightgbm as lgb
import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LassoCV, LogisticRegressionCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from tests.benchmarks.effect_grid import N_NUMBERS
from tests.experiments.effect_worlds import World

SMALL: Mapping[str, Any] = {
    "n_estimators": 60,
    "learning_rate": 0.05,
    "num_leaves": 5,
    "min_child_samples": 30,
    "subsample": 0.7,
    "subsample_freq": 1,
    "colsample_bytree": 0.4,
    "reg_lambda": 5.0,
    "verbose": -1,
    "n_jobs": 1,
    "random_state": 0,
}
Said = np.ndarray
Rival = Callable[[World, tuple[str, ...], np.ndarray, np.ndarray], Said]


def rivals() -> dict[str, Rival]:
    """By name: what makes effects, shape (n_new, n_actions), of a world, its actions, its columns and new rows'."""
    found = {f"causalml {name}": _causalml(name) for name in ("S boosted", "T boosted", "X boosted", "DR boosted")}
    found |= {f"causalml {name}": _causalml(name) for name in ("T logistic", "X lasso", "DR lasso", "R lasso")}
    if importlib.util.find_spec("econml"):
        names = ("forest DML", "linear DML", "DR lasso", "DR boosted", "DR forest", "X boosted")
        found |= {f"EconML {name}": _econml(name) for name in names}
    return found


def columns(of: World, new: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows of a world and new ones as plain columns, all made of the former alone."""
    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    places = list(range(N_NUMBERS)), list(range(N_NUMBERS, of.X.shape[1]))
    made = make_column_transformer(
        (numbers, places[0]), (OneHotEncoder(handle_unknown="ignore", sparse_output=False), places[1])
    )
    return made.fit_transform(of.X), made.transform(new)


def boosted(*, probability: bool) -> Any:
    """A small booster."""
    return lgb.LGBMClassifier(**SMALL) if probability else lgb.LGBMRegressor(**SMALL)


def likely() -> Any:
    """A logistic regression whose penalty is cross-validated."""
    return LogisticRegressionCV(Cs=8, cv=3, max_iter=2000, scoring="neg_log_loss", l1_ratios=(0,))


def propensities(of: World, actions: tuple[str, ...], X: np.ndarray, rows: np.ndarray) -> dict[str, np.ndarray]:
    """Of rows of an action and of the control the share that was given the action: known to be half, or estimated."""
    found = {}
    for action in actions:
        either = np.isin(of.arms, ["control", action])
        if np.isfinite(of.probability).all():
            found[action] = np.full(len(rows), 0.5)
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = likely().fit(X[either], of.arms[either] == action)
        found[action] = np.clip(model.predict_proba(rows)[:, 1], 0.02, 0.98)
    return found


def _causalml(name: str) -> Rival:
    def made(of: World, actions: tuple[str, ...], X: np.ndarray, new: np.ndarray) -> Said:
        from causalml.inference import meta

        given = np.array(of.arms, dtype=str)
        chances, new_chances = (propensities(of, actions, X, rows) for rows in (X, new))
        kind, base = name.split()
        own: dict[str, Any] = {"control_name": "control"}
        known: dict[str, Any] = {} if kind in "ST" else {"p": chances}
        outcome = boosted(probability=True) if base == "boosted" else likely()
        effect = boosted(probability=False) if base == "boosted" else LassoCV(cv=3)
        model = {
            "S": lambda: meta.BaseSClassifier(learner=outcome, **own),
            "T": lambda: meta.BaseTClassifier(learner=outcome, **own),
            "X": lambda: meta.BaseXClassifier(outcome_learner=outcome, effect_learner=effect, **own),
            "DR": lambda: meta.BaseDRRegressor(
                learner=boosted(probability=False) if base == "boosted" else LassoCV(cv=3),
                treatment_effect_learner=effect,
                **own,
            ),
            "R": lambda: meta.BaseRClassifier(outcome_learner=outcome, effect_learner=effect, random_state=0, **own),
        }[kind]()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(X=X, treatment=given, y=1 - of.y, **known)
            asked: dict[str, Any] = {"p": new_chances} if kind == "X" else {}
            return np.asarray(model.predict(new, **asked)).reshape(len(new), -1)

    return made


def _econml(name: str) -> Rival:
    def made(of: World, actions: tuple[str, ...], X: np.ndarray, new: np.ndarray) -> Said:
        from econml.dml import CausalForestDML, LinearDML
        from econml.dr import DRLearner, ForestDRLearner
        from econml.metalearners import XLearner

        given = np.array([(("control", *actions)).index(arm) for arm in of.arms])
        kind = {"discrete_outcome": True, "cv": 3, "random_state": 0}
        dml = {**kind, "discrete_treatment": True, "model_y": likely(), "model_t": likely()}
        dr = {**kind, "model_propensity": likely(), "model_regression": likely()}
        model = {
            "forest DML": lambda: CausalForestDML(**dml, n_jobs=1),
            "linear DML": lambda: LinearDML(**dml),
            "DR lasso": lambda: DRLearner(**dr, model_final=LassoCV(cv=3)),
            "DR boosted": lambda: DRLearner(**dr, model_final=boosted(probability=False)),
            "DR forest": lambda: ForestDRLearner(**dr, n_estimators=100, n_jobs=1),
            "X boosted": lambda: XLearner(
                models=boosted(probability=False), propensity_model=likely(), cate_models=boosted(probability=False)
            ),
        }[name]()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(1 - of.y, given, X=X)
            return np.column_stack([model.effect(new, T0=0, T1=k + 1).ravel() for k in range(len(actions))])

    return made


logging.getLogger("causalml").setLevel(logging.ERROR)
