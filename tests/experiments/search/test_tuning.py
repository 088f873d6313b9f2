import json
from collections import Counter
from pathlib import Path

import optuna
import pytest
from optuna.trial import FrozenTrial, TrialState

from experiments.search import past_trials, tuning
from experiments.search.learning_problem import Problem
from experiments.sections.tuning import TuningSpec
from tests.experiments.effect_worlds import LEARNERS, problem, world

optuna.logging.set_verbosity(optuna.logging.WARNING)
SPEC = TuningSpec(trials=8, seed=3)


@pytest.fixture(scope="module")
def tried() -> Problem:
    return problem(world(1500))


def searched(tried: Problem, spec: TuningSpec, study: optuna.Study) -> FrozenTrial:
    return tuning.search(study, tried, spec=spec, on_trial=lambda _: None)


def fresh(tried: Problem) -> optuna.Study:
    return optuna.create_study(directions=tuning.directions(tried))


def told(study: optuna.Study) -> str:
    return json.dumps(
        [
            (one.state, one.params, one.values, one.user_attrs, one.intermediate_values)
            for one in past_trials.ended(study)
        ],
        sort_keys=True,
    )


def test_every_learner_and_every_family_is_tried_at_the_start(tried: Problem) -> None:
    points = tuning.starting_points(tried, SPEC)
    assert Counter(point["learner"] for point in points[: len(LEARNERS)]) == dict.fromkeys(LEARNERS, 1)
    assert {point["family"] for point in points[: len(LEARNERS)]} == set(SPEC.families)


def test_what_somebody_has_who_searches_nothing_is_tried_after_the_starting_points(tried: Problem) -> None:
    for problem_of, start in ((tried, len(LEARNERS)), (problem(world(1500), actions=()), 3)):
        logistic, lightgbm = tuning.starting_points(problem_of, SPEC)[start:]
        assert logistic["logistic.C"] == 1.0
        assert (lightgbm["lightgbm.num_leaves"], lightgbm["lightgbm.learning_rate"]) == (31, 0.1)


def test_without_actions_the_learner_is_no_question_and_one_figure_counts() -> None:
    of = world(1500)
    risk_only = problem(of, actions=())
    assert tuning.directions(risk_only) == ["minimize"]
    assert all("learner" not in point for point in tuning.starting_points(risk_only, SPEC))
    study = optuna.create_study(directions=["minimize"], pruner=optuna.pruners.MedianPruner(n_startup_trials=5))
    best = searched(risk_only, SPEC.model_copy(update={"trials": 4}), study)
    assert past_trials.candidate(best, "t_learner").learner == "t_learner"
    assert past_trials.recorded(best).figures.keys() == {"score"}


def test_a_search_finds_who_is_helped(tried: Problem) -> None:
    study = fresh(tried)
    best = searched(tried, SPEC, study)
    record = past_trials.recorded(best)
    assert past_trials.candidate(best, "").learner != "risk_ranking"
    assert record.uplift[-1] > 0.01
    assert record.policy_value is not None
    assert record.policy_value > 0
    assert best.state == TrialState.COMPLETE


def test_a_search_taken_up_again_is_the_search_that_was_not_interrupted(tried: Problem, tmp_path: Path) -> None:
    whole, parts = fresh(tried), f"sqlite:///{tmp_path}/study.db"
    best = searched(tried, SPEC, whole)
    first = optuna.create_study(study_name="s", storage=parts, directions=tuning.directions(tried))
    searched(tried, SPEC.model_copy(update={"trials": 6}), first)
    again = searched(problem(world(1500)), SPEC, optuna.load_study(study_name="s", storage=parts))
    assert told(optuna.load_study(study_name="s", storage=parts)) == told(whole)
    assert (again.params, again.values) == (best.params, best.values)


def test_what_was_given_up_early_counts_when_a_search_is_taken_up_again(tmp_path: Path) -> None:
    parts, pruner = f"sqlite:///{tmp_path}/study.db", optuna.pruners.PercentilePruner(10.0, n_startup_trials=2)
    risk_only, spec = problem(world(1500), actions=()), SPEC.model_copy(update={"trials": 12})
    whole = optuna.create_study(directions=["minimize"], pruner=pruner)
    best = searched(risk_only, spec, whole)
    assert TrialState.PRUNED in [one.state for one in whole.trials[:7]]
    first = optuna.create_study(study_name="s", storage=parts, directions=["minimize"], pruner=pruner)
    searched(risk_only, spec.model_copy(update={"trials": 7}), first)
    again = searched(risk_only, spec, optuna.load_study(study_name="s", storage=parts, pruner=pruner))
    assert told(optuna.load_study(study_name="s", storage=parts)) == told(whole)
    assert (again.params, again.values) == (best.params, best.values)
