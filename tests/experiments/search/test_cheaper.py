"""What makes a search cheaper, and leaves its choice as good: fewer folds of many rows, and drafts that hurry."""

from dataclasses import replace

import lightgbm as lgb
import numpy as np
import optuna
import pytest

from experiments.families import lightgbm as boosted
from experiments.families.lightgbm import DEFAULTS, STARTING_POINT
from experiments.rows.split import Fold
from experiments.search import candidate, past_trials, tuning
from experiments.search.learning_problem import Candidate, Problem
from experiments.sections.tuning import TuningSpec
from experiments.statistics import draft_rate
from tests.experiments.effect_worlds import ACTIONS, problem, world
from tests.experiments.risk_worlds import RiskWorld, risk_world

optuna.logging.set_verbosity(optuna.logging.WARNING)
NEW = 20_000


def made(of: RiskWorld) -> Problem:
    return problem(of.as_world, contract=of.contract, actions=(), folds=3)


@pytest.fixture(scope="module")
def few() -> Problem:
    """900 rows; of each fold's 300 that are judged, `rare` sets who left."""
    return made(risk_world("additive", 900))


def rare(of: Problem, left_a_fold: int) -> Problem:
    y = np.zeros(len(of.y))
    for fold in of.folds:
        y[fold.judge[:left_a_fold]] = 1.0
    return replace(of, y=y)


@pytest.mark.parametrize(
    ("left_a_fold", "enough", "folds"),
    [(100, 100, 1), (99, 100, 2), (50, 100, 2), (49, 100, 3), (1, 100, 3), (250, 50, 1), (250, 51, 2), (150, 151, 2)],
)
def test_folds_are_judged_until_enough_of_the_rarer_outcome_were(
    few: Problem, monkeypatch: pytest.MonkeyPatch, left_a_fold: int, enough: int, folds: int
) -> None:
    monkeypatch.setattr(tuning, "ENOUGH_JUDGED", enough)
    of = rare(few, left_a_fold)
    assert tuning.folds_that_tell(of) == of.folds[:folds]


def test_only_rows_of_the_risk_count(few: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "ENOUGH_JUDGED", 100)
    of = rare(few, 100)
    gone = np.zeros(len(of.y), dtype=np.bool_)
    gone[of.folds[0].judge[0]] = True
    assert len(tuning.folds_that_tell(of)) == 1
    assert len(tuning.folds_that_tell(replace(of, left_in_gap=gone))) == 2


def test_with_actions_and_where_folds_are_dates_all_are_judged(few: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "ENOUGH_JUDGED", 1)
    with_actions = problem(world(600), actions=ACTIONS)
    assert tuning.folds_that_tell(with_actions) == with_actions.folds
    dated = tuple(Fold(fold.fit[:100], fold.judge) for fold in few.folds)
    assert tuning.folds_that_tell(replace(few, folds=dated)) == dated


def test_a_trial_is_judged_by_these_folds_and_the_choice_is_calibrated_on_all(
    few: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "ENOUGH_JUDGED", 100)
    study = optuna.create_study(directions=["minimize"], pruner=tuning.pruner())
    best = tuning.search(study, few, spec=TuningSpec(trials=6), on_trial=lambda _: None)
    assert {len(past_trials.recorded(one).risk) for one in past_trials.ended(study)} <= {1, 2}
    assert max(len(past_trials.recorded(one).risk) for one in past_trials.ended(study)) == 2
    seen: list[int] = []
    kept = candidate.calibration.fit
    monkeypatch.setattr(
        candidate.calibration, "fit", lambda y, said, **rest: seen.append(len(y)) or kept(y, said, **rest)
    )
    candidate.fit(past_trials.candidate(best, "t_learner"), few, seed=0)
    assert seen == [900]


def losses(y: np.ndarray, p: np.ndarray) -> np.ndarray:
    return -np.log(np.clip(np.where(y == 1, p, 1 - p), 1e-12, 1))


def test_a_draft_of_few_rounds_is_a_plain_fit_to_the_bit(few: Problem) -> None:
    rows, at = few.prepared["lightgbm"], np.arange(900)
    params = {**STARTING_POINT, "rounds": 60.0}
    [draft] = boosted.fit(rows, at, params={**params, "members": 1}, seed=5).boosters
    [first, *_] = boosted.fit(rows, at, params={**params, "members": 2}, seed=5).boosters
    assert trees(draft) == trees(first)


def test_a_draft_of_few_rows_is_a_plain_fit_to_the_bit(few: Problem) -> None:
    rows, at, params = few.prepared["lightgbm"], np.arange(900), {**STARTING_POINT, "rounds": 320.0}
    [draft] = boosted.fit(rows, at, params={**params, "members": 1}, seed=5).boosters
    [first, *_] = boosted.fit(rows, at, params={**params, "members": 2}, seed=5).boosters
    assert draft.num_trees() == 320
    assert trees(draft) == trees(first)


def trees(booster: lgb.Booster) -> str:
    return booster.model_to_string().split("parameters:")[0]


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many rows are fitted."""
    monkeypatch.setattr(boosted, "ENOUGH_TO_HURRY", 1000)


@pytest.mark.usefixtures("hurried")
def test_a_draft_of_many_rounds_has_fewer_trees_and_is_judged_nearly_as_the_whole_fit() -> None:
    """In the world that needs most rounds: what is lost is a small part of what the second half of the rounds gains."""
    both = risk_world("deep", 6000 + NEW)
    known = replace(both, X=both.X[:6000], y=both.y[:6000], risk=both.risk[:6000])
    rows, at = made(known).prepared["lightgbm"], np.arange(6000)
    params = {**DEFAULTS, "learning_rate": 0.03, "num_leaves": 15, "rounds": 1200.0}
    draft = boosted.fit(rows, at, params={**params, "members": 1}, seed=0)
    whole = boosted.fit(rows, at, params={**params, "members": 2}, seed=0)
    assert draft.boosters[0].num_trees() < 0.6 * 1200
    assert [one.num_trees() for one in whole.boosters] == [1200, 1200]
    X, y = both.X[6000:], both.y[6000:]
    of_draft, of_whole = losses(y, draft.predict(X)), losses(y, whole.boosters[0].predict(X))
    begun = losses(y, boosted.fit(rows, at, params={**params, "rounds": 600.0, "members": 2}, seed=0).predict(X))
    assert abs((of_draft - of_whole).mean()) < 0.25 * (begun - of_whole).mean()


@pytest.mark.usefixtures("hurried")
def test_stopping_tells_rounds_at_the_rate_of_the_candidate() -> None:
    of = made(risk_world("deep", 6000))
    choice = Candidate("lightgbm", "t_learner", {**DEFAULTS, "learning_rate": 0.03, "num_leaves": 15}, {})
    for one in tuning.fold_models(choice, replace(of, folds=of.folds[:1]), seed=0):
        model = one.models["control"]
        assert isinstance(model, boosted.LightgbmModel)
        trees_made, rounds = model.boosters[0].current_iteration(), model.learned["rounds"]
        best = model.boosters[0].best_iteration
        assert rounds == draft_rate.equal_rounds(draft_rate.rates(0.03, boosted.MOST_ROUNDS)[:best]) > best + 100
        assert trees_made < rounds


def test_few_rows_are_fitted_by_more_boosters_and_the_folds_are_not(few: Problem) -> None:
    choice = Candidate("lightgbm", "t_learner", STARTING_POINT, {"control": {"rounds": 5.0}})
    model = candidate.fit(choice, few, seed=0).models["control"]
    assert isinstance(model, boosted.LightgbmModel)
    assert len(model.boosters) == candidate.MEMBERS_OF_FEW_ROWS
    with_actions = problem(world(600), actions=ACTIONS)
    choice = replace(choice, learned={key: {"rounds": 5.0} for key in ("control", *ACTIONS)})
    for model in candidate.fit(choice, with_actions, seed=0).models.values():
        assert isinstance(model, boosted.LightgbmModel)
        assert len(model.boosters) == boosted.FINAL_MEMBERS
