import numpy as np
import pytest
from scipy.special import expit

from experiments.statistics.newton import logistic_fit, logits


def columns_of(n_rows: int, seed: int) -> np.ndarray:
    return np.column_stack([np.ones(n_rows), np.random.default_rng(seed).normal(size=(n_rows, 2))])


def test_at_the_fit_promised_and_observed_sums_agree_in_every_draw() -> None:
    rng, columns = np.random.default_rng(1), columns_of(400, 0)
    target = (rng.random(400) < expit(columns @ [-1, 1, 0.5])).astype(float)
    weights, offset = rng.poisson(1.0, (30, 400)).astype(float), rng.normal(size=400)
    fit = logistic_fit(columns, target=target, weights=weights, offset=offset)
    left = (weights * (target - expit(fit @ columns.T + offset))) @ columns
    np.testing.assert_allclose(left, 0, atol=1e-9)


@pytest.mark.parametrize("second", [[0.0, 0, 1, 1], [3.0, 3, 3, 3], [0.0, 1, 1, 2]])
def test_separated_or_collinear_columns_have_no_fit(second: list[float]) -> None:
    columns = np.column_stack([np.ones(4), second])
    fit = logistic_fit(columns, target=np.array([0.0, 0, 1, 1]), weights=np.ones((2, 4)))
    assert np.isnan(fit).all()


def test_one_draw_without_a_fit_does_not_disturb_the_others() -> None:
    columns, target = np.column_stack([np.ones(4), [0.0, 1, 0.5, 2]]), np.array([0.0, 0, 1, 1])
    weights = np.array([[1.0, 1, 1, 1], [1.0, 0, 0, 1]])
    fit = logistic_fit(columns, target=target, weights=weights)
    np.testing.assert_allclose(fit[0], logistic_fit(columns, target=target, weights=weights[:1])[0], rtol=1e-12)
    assert np.isnan(fit[1]).all()


def test_the_logits_of_certainty_are_finite() -> None:
    assert logits(np.array([0.0, 0.5, 1.0])) == pytest.approx([-36.04, 0.0, 36.04], abs=0.01)
