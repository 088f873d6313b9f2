from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array, hstack
from sklearn.linear_model import LogisticRegression

from experiments.families import logistic
from experiments.regression import ridge
from tests.experiments.risk_worlds import risk_world


def rows(n_rows: int = 3000, n_columns: int = 30) -> tuple[np.ndarray, np.ndarray]:
    """Correlated columns, some of them with a hinge, and a target that depends on the first."""
    rng = np.random.default_rng(4)
    columns = rng.normal(size=(n_rows, n_columns)) @ rng.normal(size=(n_columns, n_columns)) / np.sqrt(n_columns)
    columns[:, ::3] = np.maximum(columns[:, ::3] + 2.0, 0.0)
    return columns, columns[:, 0] - columns[:, 1] + rng.normal(size=n_rows)


@pytest.mark.parametrize("n_rows", [300, 3000, 9000])
@pytest.mark.parametrize("C", [0.001, 0.1, 10.0])
def test_the_likelihood_is_that_of_scikit_learn(n_rows: int, C: float) -> None:
    columns, number = rows(n_rows)
    target = (number > 1.5).astype(float)
    weights, intercept = ridge.logistic(csr_array(columns), target=target, penalty=np.full(30, 1 / C))
    oracle = LogisticRegression(C=C, solver="newton-cholesky", tol=1e-10).fit(columns, target)
    assert weights == pytest.approx(oracle.coef_[0], abs=1e-4)
    assert intercept == pytest.approx(oracle.intercept_[0], abs=1e-4)


def test_what_is_held_back_more_moves_less() -> None:
    columns, number = rows()
    penalty = np.ones(30)
    penalty[1] = 1e6
    weights, _ = ridge.logistic(csr_array(columns), target=(number > 0).astype(float), penalty=penalty)
    assert abs(weights[1]) < 0.01 * abs(weights[0])


def test_a_rare_outcome_that_a_column_separates_has_a_finite_fit() -> None:
    columns = np.column_stack([np.repeat([0.0, 1.0], [990, 10]), np.linspace(-1, 1, 1000)])
    weights, intercept = ridge.logistic(csr_array(columns), target=columns[:, 0], penalty=np.full(2, 1e-3))
    assert np.isfinite([*weights, intercept]).all()
    assert weights[0] > 5


def test_of_thousands_of_columns_those_that_few_rows_have_are_fitted_as_well() -> None:
    """Two categories of 1,500 values each beside a number: more columns than are walked together."""
    rng, n_rows = np.random.default_rng(0), 20_000
    codes = rng.integers(0, 1500, (n_rows, 2))
    columns = csr_array(hstack([rng.normal(size=(n_rows, 1)), *(csr_array(np.eye(1500))[one] for one in codes.T)]))
    score = columns[:, [0]].toarray()[:, 0] + rng.normal(size=1500)[codes[:, 0]]
    target = (score > 0.8).astype(float)
    weights, intercept = ridge.logistic(columns, target=target, penalty=np.full(3001, 2.0))
    oracle = LogisticRegression(C=0.5, tol=1e-8, max_iter=2000).fit(columns, target)
    assert weights == pytest.approx(oracle.coef_[0], abs=1e-3)
    assert intercept == pytest.approx(oracle.intercept_[0], abs=1e-3)


@pytest.mark.parametrize("C", [0.5, 10.0])
def test_values_that_the_curvature_was_not_told_by_are_fitted_to_the_optimum(C: float) -> None:
    """20,000 rows and 600 values: of some, none is among the some thousand rows that the walk is laid out by."""
    rng = np.random.default_rng(1)
    shares = rng.dirichlet(np.full(600, 0.3))
    codes, number = rng.choice(600, 20_000, p=shares), rng.normal(size=20_000)
    columns = csr_array(hstack([csr_array(number[:, None]), csr_array(np.eye(600))[codes]]))
    target = (number + rng.normal(size=600)[codes] + rng.normal(size=20_000) > 1).astype(float)
    weights, intercept = ridge.logistic(columns, target=target, penalty=np.full(601, 1 / C))
    said = columns @ weights + intercept
    slope = columns.T @ (1 / (1 + np.exp(-said)) - target) + weights / C
    assert np.abs(slope).max() < 1e-2
    assert np.abs(np.mean(1 / (1 + np.exp(-said)) - target)) < 1e-6


def test_fits_that_share_their_rows_are_those_of_rows_prepared_anew_to_the_bit() -> None:
    """Of more index sets than are kept, in turns, with other penalties and once with another target."""
    world = risk_world("additive", 900)
    shared = logistic.prepare(world.X, world.y, world.contract)
    sets = [np.flatnonzero(np.arange(900) % 8 != k) for k in range(logistic.MOST_KEPT + 2)]
    for prepared, C in ((shared, 0.1), (shared, 10.0), (replace(shared, y=1 - world.y), 0.1)):
        for index in (*sets, sets[-1], sets[0]):
            anew = logistic.prepare(world.X, prepared.y, world.contract)
            own, fresh = (logistic.fit(one, index, params={"C": C}, seed=0) for one in (prepared, anew))
            assert own == fresh
    assert len(shared.rows[2]) == logistic.MOST_KEPT
