"""The loss by which boosters stop is that of the calibrated model where it is too sure, and the plain one elsewhere."""

import numpy as np
import pytest

from experiments.statistics.newton import logistic_fit
from experiments.statistics.stopping_loss import StoppingLoss


def rows(seed: int, n_rows: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Honest log-odds and outcomes."""
    rng = np.random.default_rng(seed)
    log_odds = rng.normal(-0.5, 1.2, n_rows)
    return log_odds, (rng.random(n_rows) < 1 / (1 + np.exp(-log_odds))).astype(float)


def plain(log_odds: np.ndarray, y: np.ndarray) -> float:
    return float(np.mean(np.log1p(np.exp(-np.where(y == 1, log_odds, -log_odds)))))


@pytest.mark.parametrize("seed", range(3))
def test_too_sure_a_model_is_judged_by_the_best_line_of_a_grid(seed: int) -> None:
    log_odds, y = rows(seed)
    grid = (plain(a + b * 3 * log_odds, y) for a in np.linspace(-0.6, 0.6, 121) for b in np.linspace(0.2, 0.6, 121))
    found = StoppingLoss(y).value(3 * log_odds)
    assert found == pytest.approx(min(grid), abs=1e-5)
    assert found < plain(3 * log_odds, y)


@pytest.mark.parametrize("stretch", [2.0, 3.0, 5.0])
def test_how_much_too_sure_makes_no_difference(stretch: float) -> None:
    log_odds, y = rows(3)
    assert StoppingLoss(y).value(stretch * log_odds) == pytest.approx(StoppingLoss(y).value(1.5 * log_odds), abs=1e-8)


@pytest.mark.parametrize("shrink", [0.05, 0.3, 0.6])
def test_a_model_that_is_not_sure_enough_is_judged_as_it_is(shrink: float) -> None:
    log_odds, y = rows(4)
    assert StoppingLoss(y).value(shrink * log_odds) == pytest.approx(plain(shrink * log_odds, y), abs=1e-12)


def test_the_rounds_before_change_no_loss() -> None:
    log_odds, y = rows(5)
    loss = StoppingLoss(y)
    for stretch in (0.2, 4.0, -1.0, 2.0, 9.0):
        loss.value(stretch * log_odds)
    assert loss.value(3 * log_odds) == pytest.approx(StoppingLoss(y).value(3 * log_odds), abs=1e-8)


@pytest.mark.parametrize("log_odds", [np.linspace(-30, 30, 40), np.zeros(40), np.repeat([-36.0, 36.0], 20)])
@pytest.mark.parametrize("truth", ["separated", "turned", "one left"])
def test_it_is_a_number_where_no_calibration_exists(log_odds: np.ndarray, truth: str) -> None:
    y = {"separated": np.arange(40) >= 20, "turned": np.arange(40) < 20, "one left": np.arange(40) == 39}[truth]
    assert np.isfinite(StoppingLoss(y.astype(float)).value(log_odds))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("seed", range(20))
def test_the_calibration_is_that_of_a_logistic_fit(seed: int, weighted: bool) -> None:
    log_odds, y = rows(seed, n_rows=30 + 40 * seed)
    log_odds = np.round(2 * log_odds, seed % 3)
    weights = np.random.default_rng(seed).exponential(1.0, len(y)) if weighted else np.ones(len(y))
    columns = np.column_stack([np.ones(len(y)), log_odds])
    ((intercept, slope),) = logistic_fit(columns, target=y, weights=weights[None, :])
    assert 0 < slope < 1
    best = intercept + slope * log_odds
    expected = np.average(np.logaddexp(0.0, best) - y * best, weights=weights)
    assert StoppingLoss(y, weights if weighted else None).value(log_odds) == pytest.approx(expected, rel=1e-12)
