"""A search is not worse than LightGBM's defaults beyond noise; wide bounds cost nothing where they are not used."""

from copy import deepcopy
from dataclasses import replace

import lightgbm as lgb
import numpy as np
import optuna
import pytest
from optuna.trial import TrialState

from experiments.families.lightgbm import DEFAULTS, FAMILY, MOST_ROUNDS
from experiments.search import candidate, past_trials, tuning
from experiments.search.learning_problem import Problem
from experiments.sections.tuning import TuningSpec
from tests.experiments.effect_worlds import problem
from tests.experiments.risk_worlds import RiskWorld, risk_world

optuna.logging.set_verbosity(optuna.logging.WARNING)
NEW = 20_000


def worlds(kind: str, n_rows: int, seed: int = 0) -> tuple[RiskWorld, RiskWorld]:
    """Rows to learn from, and new ones of the same world."""
    both = risk_world(kind, n_rows + NEW, seed=seed)
    cut = [
        replace(both, X=both.X[rows], y=both.y[rows], risk=both.risk[rows])
        for rows in (slice(n_rows), slice(n_rows, None))
    ]
    return cut[0], cut[1]


def made(of: RiskWorld) -> Problem:
    return problem(of.as_world, contract=of.contract, actions=(), folds=3)


def searched(of: Problem, *, trials: int) -> optuna.Study:
    study = optuna.create_study(directions=["minimize"], pruner=tuning.pruner())
    tuning.search(study, of, spec=TuningSpec(trials=trials), on_trial=lambda _: None)
    return study


def losses(y: np.ndarray, p: np.ndarray) -> np.ndarray:
    return -np.log(np.clip(np.where(y == 1, p, 1 - p), 1e-12, 1))


def by_defaults(of: RiskWorld, X: np.ndarray) -> np.ndarray:
    """What LightGBM says that was told nothing but which columns are categories."""
    categories = [place for place, column in enumerate(of.contract.columns) if column.type == "category"]
    rows = lgb.Dataset(of.X, of.y, categorical_feature=categories)
    return lgb.train({"objective": "binary", "verbose": -1, "num_threads": 1, "seed": 0}, rows, 100).predict(X)


@pytest.mark.parametrize(
    ("kind", "n_rows", "trials"),
    [
        ("additive", 300, 12),
        ("categories", 1000, 10),
        ("deep", 1500, 12),
        pytest.param("additive", 5000, 20, marks=pytest.mark.slow),
        pytest.param("categories", 10_000, 12, marks=pytest.mark.slow),
        pytest.param("deep", 4000, 12, marks=pytest.mark.slow),
        pytest.param("many", 16_000, 8, marks=pytest.mark.slow),
    ],
)
def test_a_search_is_not_worse_than_the_defaults_of_lightgbm(kind: str, n_rows: int, trials: int) -> None:
    """On new rows, by the paired difference of the log loss, within two of its standard errors."""
    known, new = worlds(kind, n_rows)
    of = made(known)
    study = searched(of, trials=trials)
    best = past_trials.candidate(past_trials.best(study, trials), "t_learner")
    ours = losses(new.y, candidate.fit(best, of, seed=0).risk(new.X))
    gap = ours - losses(new.y, by_defaults(known, new.X))
    assert gap.mean() < 2 * gap.std() / np.sqrt(len(gap))


def test_an_additive_world_uses_none_of_the_room() -> None:
    known, _ = worlds("additive", 1000)
    of = made(known)
    choice = past_trials.Candidate("lightgbm", "t_learner", DEFAULTS, {})
    for one in tuning.fold_models(choice, of, seed=0):
        assert one.learned["control"]["rounds"] < MOST_ROUNDS / 20


def test_what_is_stopped_is_told_to_the_sampler_and_is_never_the_best() -> None:
    known, _ = worlds("additive", 1000)
    study = searched(made(known), trials=14)
    stopped = [one for one in study.trials if one.state == TrialState.PRUNED]
    best = past_trials.best(study, 14)
    assert stopped
    assert best.state == TrialState.COMPLETE
    for one in stopped:
        assert one.user_attrs[past_trials.ESTIMATE] >= best.values[0]
        assert past_trials.as_estimated(deepcopy(one)).values == [one.user_attrs[past_trials.ESTIMATE]]
        assert past_trials.as_stored(past_trials.as_estimated(deepcopy(one))) == one


def test_the_defaults_are_those_of_lightgbm() -> None:
    booster = lgb.train({"verbose": -1, "objective": "binary"}, lgb.Dataset(np.eye(60), np.arange(60) % 2), 1)
    said = dict(line[1:-1].split(": ", 1) for line in booster.model_to_string().splitlines() if line.startswith("["))
    for name in ("learning_rate", "num_leaves", "min_data_in_leaf", "feature_fraction", "bagging_fraction"):
        assert float(said[name]) == FAMILY.defaults[0][name]
    assert float(said["lambda_l2"]) == float(said["path_smooth"]) == 0.0
