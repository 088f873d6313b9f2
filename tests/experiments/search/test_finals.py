from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState

from experiments.families.lightgbm import DEFAULTS, STARTING_POINT
from experiments.metrics.auc import METRIC as AUC
from experiments.rows.split import Fold
from experiments.search import finals, past_trials
from experiments.search.learning_problem import Problem
from experiments.sections.tuning import TuningSpec
from tests.experiments.effect_worlds import ACTIONS, problem, world
from tests.experiments.risk_worlds import risk_world

optuna.logging.set_verbosity(optuna.logging.WARNING)
N_ROWS = 12_000
SPEC = TuningSpec(trials=2)
# The one learns next to nothing in so few rounds; the other learns the world.
POOR, GOOD = (STARTING_POINT, 3.0), (DEFAULTS, 60.0)


def made(n_rows: int = N_ROWS) -> Problem:
    of = risk_world("deep", n_rows)
    return problem(of.as_world, contract=of.contract, actions=(), folds=3)


@pytest.fixture(scope="module")
def tried() -> Problem:
    return made()


def study(*trials: tuple[tuple[dict[str, float], float], float], better: str = "minimize") -> optuna.Study:
    """A search that ended with these candidates and figures on the folds."""
    found = optuna.create_study(directions=[better])
    for (params, rounds), figure in trials:
        record = {"risk": [figure], "uplift": [], "policy_value": None, "learned": {"control": {"rounds": rounds}}}
        named = {"family": "lightgbm", **{f"lightgbm.{key}": value for key, value in params.items()}}
        spaces = {key: optuna.distributions.CategoricalDistribution([value]) for key, value in named.items()}
        found.add_trial(
            optuna.trial.create_trial(
                params=named,
                distributions=spaces,
                values=[figure],
                state=TrialState.COMPLETE,
                user_attrs={past_trials.RECORD: record},
            )
        )
    return found


def number(found: optuna.Study, of: Problem, *, spec: TuningSpec = SPEC, defaults: Iterable[int] = ()) -> int:
    return finals.chosen(found, of, spec=spec, defaults=list(defaults)).number


def test_what_is_better_on_nearly_all_rows_wins_though_the_folds_said_otherwise(tried: Problem) -> None:
    assert number(study((POOR, 0.400), (GOOD, 0.402)), tried) == 1


def test_of_a_ranking_the_higher_wins(tried: Problem) -> None:
    assert number(study((POOR, 0.802), (GOOD, 0.800), better="maximize"), replace(tried, metric=AUC)) == 1


def test_what_is_no_better_by_more_than_its_error_changes_nothing(tried: Problem) -> None:
    assert number(study((GOOD, 0.400), (GOOD, 0.401)), tried) == 0
    assert number(study((GOOD, 0.400), (POOR, 0.401)), tried) == 0


def test_who_is_out_of_reach_is_not_asked(tried: Problem) -> None:
    assert number(study((POOR, 0.400), (GOOD, 0.409)), tried) == 0


def test_defaults_are_asked_whatever_their_place_among_the_others(tried: Problem) -> None:
    three, spec = study((POOR, 0.400), (POOR, 0.401), (GOOD, 0.402)), TuningSpec(trials=3)
    assert number(three, tried, spec=spec) == 0
    assert number(three, tried, spec=spec, defaults=[2]) == 2


def test_a_search_that_its_time_limit_ended_has_no_last_round(tried: Problem) -> None:
    assert number(study((POOR, 0.400), (GOOD, 0.402)), tried, spec=TuningSpec(trials=3)) == 0


def test_few_rows_actions_and_folds_of_dates_have_no_last_round(tried: Problem) -> None:
    assert finals.last_fold(made(finals.FEWEST_ROWS - 1)) is None
    assert finals.last_fold(problem(world(N_ROWS), actions=ACTIONS)) is None
    dated = tuple(Fold(fold.fit[:100], fold.judge) for fold in tried.folds)
    assert finals.last_fold(replace(tried, folds=dated)) is None
    assert finals.last_fold(replace(tried, y=(np.arange(N_ROWS) == 0).astype(float))) is None


def test_the_last_round_learns_from_nearly_all_rows_and_judges_on_the_others(tried: Problem) -> None:
    fold = finals.last_fold(tried)
    assert fold is not None
    assert sorted([*fold.fit, *fold.judge]) == list(range(N_ROWS))
    assert len(fold.fit) / N_ROWS == pytest.approx(13 / 15, abs=0.01)
    assert len(np.unique(tried.parts[fold.judge])) == finals.PARTS_HELD_OUT  # calibrated by one another's rows
