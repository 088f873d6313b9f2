from dataclasses import replace

import numpy as np
import pytest

from experiments.family import PARTS
from experiments.statistics.intervals import normal_interval
from experiments.uplift import nuisances
from experiments.uplift.nuisances import PARAMS
from tests.experiments.effect_worlds import ACTIONS, World, problem, world

ROWS = np.arange(3000)


def known(of: World, judged: np.ndarray = ROWS[:0]):
    return problem(of, family_names=["logistic"]).nuisances(np.setdiff1d(np.arange(len(of.y)), judged), judged)


def test_no_rows_own_outcome_is_in_its_nuisances() -> None:
    of = world(3000)
    own = replace(of, y=np.where(np.arange(3000) == 17, 1 - of.y, of.y))
    same_part = np.arange(3000) // 2 % PARTS == 17 // 2 % PARTS
    for arm in ("control", *ACTIONS):
        one, other = known(of).outcomes[arm], known(own).outcomes[arm]
        assert np.array_equal(one[same_part], other[same_part])


def test_judged_rows_teach_nothing() -> None:
    of, judged = world(3000), ROWS[::3]
    turned = replace(of, y=np.where(np.isin(ROWS, judged), 1 - of.y, of.y))
    for arm in ("control", *ACTIONS):
        assert np.array_equal(known(of, judged).outcomes[arm], known(turned, judged).outcomes[arm])


def test_rows_that_are_neither_fitted_on_nor_judged_are_not_known() -> None:
    found = problem(world(3000), family_names=["logistic"]).nuisances(ROWS[:1000], ROWS[1000:1500])
    assert np.isfinite(found.outcomes["control"][:1500]).all()
    assert np.isnan(found.gamma[1500:]).all()
    assert not found.in_trial[1500:].any()


def test_rows_in_no_campaign_have_no_score_but_teach_the_control() -> None:
    of = world(3000)
    outside = of.arms == None  # noqa: E711 - an array of objects
    assert np.isnan(known(of).gamma[outside]).all()
    turned = replace(of, y=np.where(outside, 1 - of.y, of.y))
    assert not np.array_equal(known(of).outcomes["control"], known(turned).outcomes["control"])


def test_an_arm_with_one_outcome_in_a_part_gets_its_share() -> None:
    of = world(3000)
    good = replace(of, y=np.where(of.arms == "call", 0.0, of.y))
    assert (known(good).outcomes["call"] > 0.99).all()


@pytest.mark.parametrize("logged", [True, False])
@pytest.mark.parametrize("chosen", [False, True])
def test_the_interval_of_the_average_effect_covers_the_truth(logged: bool, chosen: bool) -> None:
    covered = []
    for seed in range(25):
        of = world(3000, seed=seed, chosen=chosen)
        found = known(of if logged else replace(of, probability=np.full(3000, np.nan)))
        gamma = found.gamma[found.in_trial]
        for place in range(2):
            error = float(gamma[:, place].std() / np.sqrt(len(gamma)))
            interval = normal_interval(float(gamma[:, place].mean()), error, method="mean")
            covered.append(interval.low <= of.effects[found.in_trial, place].mean() <= interval.high)
    assert np.mean(covered) >= 0.88


def test_propensities_that_nobody_logged_are_found() -> None:
    of = world(8000, chosen=True)
    at = np.arange(8000)
    found = problem(replace(of, probability=np.full(8000, np.nan)), family_names=["logistic"]).nuisances(at, at[:0])
    assert np.abs(found.probability - of.probability)[found.in_trial].mean() < 0.03


def test_the_share_is_a_number_only_where_it_is_the_same_for_all() -> None:
    assert known(world(3000)).shares["call"] == pytest.approx(0.35 / 0.8)
    assert not isinstance(known(world(3000, chosen=True)).shares["call"], float)


def test_probabilities_estimated_for_new_rows_are_those_of_the_lot() -> None:
    """Whom to call was chosen by usage; the estimate comes to the chances that nobody logged."""
    of, new = (world(6000, seed=seed, chosen=True, missing=0.0) for seed in (1, 2))
    unlogged = replace(of, probability=np.full(6000, np.nan))
    found = problem(unlogged, family_names=["logistic"]).propensities(new.X)
    truth = 0.15 + 0.5 / (1 + np.exp(-2 * new.X[:, 0]))
    assert found.sum(axis=1) == pytest.approx(np.ones(6000), abs=0.05)
    assert np.abs(found[:, 1] - truth).mean() < 0.03


def test_few_rows_are_held_back_as_a_cross_validation_over_the_other_parts_finds_best() -> None:
    """Of 25 columns of noise and few rows the stronger penalty tells more; of many rows none is tried."""
    rng = np.random.default_rng(0)
    few = replace(world(700), y=(rng.random(700) < 0.3).astype(float))
    assert {params["C"] for params in chosen(few)} == {0.01}
    assert {params["C"] for params in chosen(world(4000, missing=0.0))} == {PARAMS["C"]}


def chosen(of: World) -> list:
    tried = problem(of, family_names=["logistic"])
    index = np.arange(len(of.y))
    return nuisances._chosen(tried._trial(), index, of.y)
