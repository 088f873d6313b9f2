import numpy as np
import pytest
from scipy.sparse import csr_array

from experiments.regression import lasso
from tests.experiments.plain_lasso import by_hand

PARTS = np.arange(600) % 5


def rows(seed: int, signal: float) -> tuple[np.ndarray, np.ndarray]:
    """Twelve columns, of which two matter, or none where there is no signal."""
    rng = np.random.default_rng(seed)
    columns = rng.normal(size=(600, 12)) * np.geomspace(0.5, 2, 12) + 3
    return columns, 1.5 + signal * (columns[:, 2] - columns[:, 7]) + rng.normal(size=600)


@pytest.mark.parametrize("signal", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("hold", [0.5, 1.0, 3.0])
def test_it_is_scikit_learns_lasso_under_the_penalty_that_a_plain_cross_validation_chooses(
    signal: float, hold: float
) -> None:
    columns, target = rows(0, signal)
    weights, intercept = lasso.lasso(csr_array(columns), target=target, parts=PARTS, hold=hold)
    oracle = by_hand(columns, target, PARTS, hold)
    assert weights == pytest.approx(oracle.coef_, abs=2e-3)
    assert intercept == pytest.approx(oracle.intercept_, abs=2e-2)


def test_of_noise_nothing_is_made() -> None:
    used = [
        np.count_nonzero(lasso.lasso(csr_array(rows(seed, 0.0)[0]), target=rows(seed, 0.0)[1], parts=PARTS)[0])
        for seed in range(20)
    ]
    assert np.mean(np.array(used) > 0) <= 0.25


def test_what_matters_is_found() -> None:
    columns, target = rows(1, 0.5)
    weights, _ = lasso.lasso(csr_array(columns), target=target, parts=PARTS)
    assert weights[2] > 0.1
    assert weights[7] < -0.1


def test_columns_that_are_always_the_same_or_twice_the_same_do_no_harm() -> None:
    columns, target = rows(2, 0.5)
    more = np.column_stack([columns, np.zeros(600), np.ones(600), columns[:, 2]])
    weights, intercept = lasso.lasso(csr_array(more), target=target, parts=PARTS)
    plain, level = lasso.lasso(csr_array(columns), target=target, parts=PARTS)
    assert more @ weights + intercept == pytest.approx(columns @ plain + level, abs=0.02)


def test_a_target_that_never_changes_is_said_of_everybody() -> None:
    weights, intercept = lasso.lasso(csr_array(rows(3, 0.0)[0]), target=np.full(600, 0.25), parts=PARTS)
    assert (rows(3, 0.0)[0] @ weights + intercept) == pytest.approx(np.full(600, 0.25))


def test_of_thousands_of_columns_the_commonest_are_used() -> None:
    """A common and a rare value have the same effect: the rare one is not among the thousand that are looked at."""
    rng = np.random.default_rng(0)
    codes = np.concatenate([np.zeros(1000, int), np.full(40, 2999), rng.integers(1, 2999, 260_000)])
    effect = np.isin(codes, (0, 2999)).astype(float)
    values = csr_array((np.ones(len(codes)), codes, np.arange(len(codes) + 1)), shape=(len(codes), 3000))
    target = effect + rng.normal(size=len(codes)) / 10
    weights, _ = lasso.lasso(values, target=target, parts=np.arange(len(codes)) % 5)
    assert weights[0] > 0.8
    assert weights[2999] == 0
