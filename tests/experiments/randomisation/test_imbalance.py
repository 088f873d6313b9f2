"""How often chance alone makes covariates differ as much: known exactly, because the draws can be repeated."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import kstest, norm

from experiments.randomisation.imbalance import imbalance, weighted_imbalance


def even(treated: np.ndarray) -> np.ndarray:
    return np.full(treated.size, 0.5)


def test_one_covariate_alone_gives_the_permutation_z_test() -> None:
    """Worked by hand: 1 to 20, every other row treated; their sum lies 5 below its mean, variance 175."""
    x, treated = np.arange(1.0, 21)[:, None], np.tile([1.0, 0.0], 10)
    found = imbalance(x, treated=treated, chance=even(treated), seed=0)
    assert found.together == pytest.approx(2 * norm.sf(5 / 175**0.5))


def test_a_covariate_given_twice_counts_once() -> None:
    x, treated = np.random.default_rng(2).normal(size=(100, 2)), np.repeat([1.0, 0.0], 50)
    twice = imbalance(np.column_stack([x, x[:, 0], x @ [1, 2]]), treated=treated, chance=even(treated), seed=0)
    assert twice.together == pytest.approx(imbalance(x, treated=treated, chance=even(treated), seed=0).together)


def test_the_p_value_of_small_trials_is_that_of_all_possible_draws() -> None:
    """Ten rows, one far out, chances that differ: all 1,024 draws are listed (their sizes are another question)."""
    x = np.array([50.0, 1, 2, 3, 4, 5, 6, 7, 8, 9])[:, None]
    chance = np.array([0.2, 0.3, 0.4, 0.5, 0.6, 0.6, 0.5, 0.4, 0.3, 0.2])
    treated = np.array([1.0, 1, 0, 0, 0, 1, 1, 0, 0, 0])
    assert treated.sum() == pytest.approx(chance.sum())
    centred = x[:, 0] - np.average(x[:, 0], weights=chance * (1 - chance))
    found = imbalance(x, treated=treated, chance=chance, seed=0)
    exact = sum(
        np.prod(np.where(draw, chance, 1 - chance))
        for draw in (np.array(one) for one in product([0, 1], repeat=10))
        if abs((draw - chance) @ centred) >= abs((treated - chance) @ centred) - 1e-9
    )
    assert exact < 0.1
    assert found.together == pytest.approx(exact, abs=4 * (exact / 2000) ** 0.5 + 0.01)


def test_a_shift_of_the_sizes_alone_is_no_imbalance() -> None:
    """A third of the treated rows went astray, whatever their covariates, where chances differ by covariates."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(20_000, 1))
    chance = 1 / (1 + np.exp(-x[:, 0]))
    treated = (rng.random(20_000) < chance).astype(float)
    kept = (treated == 0) | (rng.random(20_000) < 2 / 3)
    assert imbalance(x[kept], treated=treated[kept], chance=chance[kept], seed=0).together > 0.01


def test_chances_of_zero_and_one_tell_nothing() -> None:
    x, treated = np.arange(40.0)[:, None], np.repeat([1.0, 0.0], 20)
    assert imbalance(x, treated=treated, chance=treated, seed=0).together > 0.99


@pytest.mark.slow
def test_under_randomisation_the_p_value_is_uniform() -> None:
    p_values = []
    for seed in range(400):
        rng = np.random.default_rng(seed)
        treated = rng.permutation(np.repeat([1.0, 0.0], [60, 140]))
        found = imbalance(rng.normal(size=(200, 5)), treated=treated, chance=even(treated), seed=seed)
        p_values.append(found.together)
    assert kstest(p_values, "uniform").pvalue > 0.01


@pytest.mark.slow
@pytest.mark.parametrize("known", [True, False])
def test_rare_values_and_heavy_tails_raise_no_more_alarms_than_allowed(known: bool) -> None:
    """150 rows, one in ten treated, forty columns of rare or wild values: at 1 in 20, Monte-Carlo error 1.1 points."""
    alarms = []
    for seed in range(400):
        rng = np.random.default_rng(seed)
        wild, rare = rng.standard_cauchy(size=(150, 20)), rng.random((150, 20)) < 0.03
        x, treated = np.column_stack([wild, rare]).astype(float), (rng.random(150) < 0.1).astype(float)
        chance = np.full(150, 0.1)
        found = (
            imbalance(x, treated=treated, chance=chance, seed=seed)
            if known
            else weighted_imbalance(x, treated=treated, weight=np.where(treated == 1, 10.0, 1 / 0.9))
        )
        alarms.append([found.together < 0.05, min(found.each) < 0.05])
    assert np.all(np.mean(alarms, axis=0) <= 0.05 + 3 * 0.011)


def test_without_the_chance_of_every_row_a_real_difference_is_found_too() -> None:
    rng = np.random.default_rng(6)
    treated = (rng.random(2000) < 0.5).astype(float)
    x = rng.normal(size=(2000, 5)) + np.outer(treated, [0.4, 0, 0, 0, 0])
    found = weighted_imbalance(x, treated=treated, weight=rng.uniform(1.5, 3, 2000))
    assert found.together < 1e-6
    assert found.each[0] < 1e-6
    assert min(found.each[1:]) > 0.001
