from dataclasses import replace

import numpy as np
import pytest

from experiments.search import candidate
from experiments.search.learning_problem import Candidate
from experiments.uplift import shrinkage
from experiments.uplift.fitted_learner import FittedLearner, Term
from tests.experiments.effect_worlds import ACTIONS, FAMILIES, LEARNERS, problem, starting_point, world


def scores(effect: np.ndarray, seed: int, noise: float = 1.0) -> np.ndarray:
    return effect + noise * np.random.default_rng(seed).normal(size=len(effect))


def test_a_true_effect_that_is_certain_is_left_as_it_is() -> None:
    effect = np.random.default_rng(0).normal(0.1, 0.2, 20_000)
    found = shrinkage.fit(effect, gamma=scores(effect, 1))
    assert found.slope == pytest.approx(1, abs=0.06)
    assert found.intercept == pytest.approx(0, abs=0.02)


def test_twice_the_true_effect_is_halved() -> None:
    effect = np.random.default_rng(0).normal(0.1, 0.2, 20_000)
    found = shrinkage.fit(2 * effect, gamma=scores(effect, 1))
    assert found.slope == pytest.approx(0.5, abs=0.03)


def test_the_slope_is_that_of_least_squares_held_back_by_its_standard_error() -> None:
    effect = np.random.default_rng(0).normal(size=50)
    gamma = scores(0.4 * effect, 1)
    columns = np.column_stack([np.ones(50), effect])
    bread = np.linalg.inv(columns.T @ columns)
    slope = (bread @ columns.T @ gamma)[1]
    left = gamma - columns @ bread @ columns.T @ gamma
    error = np.sqrt((bread @ (columns.T * left**2) @ columns @ bread)[1, 1])
    found = shrinkage.fit(effect, gamma=gamma)
    assert found.slope == pytest.approx(slope * (slope / error) ** 2 / ((slope / error) ** 2 + 2))
    assert found.intercept + found.slope * effect.mean() == pytest.approx(gamma.mean())


def test_an_effect_the_wrong_way_round_becomes_the_average() -> None:
    effect = np.random.default_rng(0).normal(0.1, 0.2, 5_000)
    found = shrinkage.fit(-effect, gamma=scores(effect, 1))
    assert found.slope == 0
    assert found.intercept == pytest.approx(0.1, abs=0.05)


def test_noise_is_held_back_on_average_to_a_third_at_most() -> None:
    """Of predictions that are noise the regression alone keeps, of those it keeps at all, whatever luck gave."""
    kept = [
        shrinkage.fit(scores(np.zeros(500), seed), gamma=scores(np.zeros(500), seed + 900)).slope for seed in range(200)
    ]
    plain = np.sqrt(2 / np.pi) / np.sqrt(500) / 2
    assert np.mean(kept) < plain / 2


def test_a_constant_effect_is_moved_to_the_mean_and_nothing_else() -> None:
    found = shrinkage.fit(np.full(100, 0.3), gamma=np.linspace(0, 0.4, 100))
    assert (found.slope, found.intercept) == (1.0, pytest.approx(-0.1))


def test_terms_add_up_to_the_corrected_effect() -> None:
    of = problem(world(2000), family_names=["logistic"])
    plain = LEARNERS["t_learner"].fit(
        of.learner_input(starting_point(FAMILIES["logistic"], LEARNERS["t_learner"]), np.arange(2000), seed=0)
    )
    before = plain.effects(of.X)
    shrunk = replace(
        plain, terms={action: shrinkage.Shrinkage(0.5, 0.02).apply(terms) for action, terms in plain.terms.items()}
    )
    for action, effect in shrunk.effects(of.X).items():
        assert effect == pytest.approx(0.02 + 0.5 * before[action])


def test_a_wild_learner_is_not_much_worse_than_the_average_effect_where_that_is_all_there_is() -> None:
    wild = Candidate("logistic", "t_learner", {"C": 10.0}, {})
    before, after = [], []
    for seed in range(3):
        of = world(1200, seed=seed)
        rng = np.random.default_rng(seed)
        flat = replace(of, y=(rng.random(1200) < 0.3).astype(float))
        tried = problem(flat, family_names=["logistic"])
        raw: FittedLearner = LEARNERS["t_learner"].fit(tried.learner_input(wild, np.arange(1200), seed=0))
        before += [np.mean(effect**2) for effect in raw.effects(of.X).values()]
        after += [np.mean(effect**2) for effect in candidate.fit(wild, tried, seed=0).effects(of.X).values()]
    assert np.sqrt(np.mean(after)) < 0.5 * np.sqrt(np.mean(before))


def test_without_actions_there_is_nothing_to_shrink() -> None:
    of = world(1200)
    tried = problem(replace(of, arms=np.full(1200, None)), actions=(), family_names=["logistic"])
    assert candidate.fit(Candidate("logistic", "t_learner", {"C": 0.1}, {}), tried, seed=0).terms == {}


def test_a_term_without_models_is_a_number() -> None:
    of = problem(world(1200), family_names=["logistic"])
    plain = LEARNERS["t_learner"].fit(
        of.learner_input(starting_point(FAMILIES["logistic"], LEARNERS["t_learner"]), np.arange(1200), seed=0)
    )
    same = replace(plain, terms={action: (Term(0.03, ()),) for action in ACTIONS})
    assert same.effects(of.X)["call"] == pytest.approx(np.minimum(0.03, plain.risk(of.X)))
