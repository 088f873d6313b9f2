import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.calibration import _sigmoid_calibration

from experiments.metric import Numbers, evaluate
from experiments.metrics.calibration_intercept import METRIC as INTERCEPT
from experiments.metrics.calibration_slope import METRIC as SLOPE
from experiments.statistics.calibration import Calibration, fit, reliability
from features.errors import MetricError


def world(n_rows: int = 5000) -> tuple[Numbers, Numbers]:
    rng = np.random.default_rng(7)
    x = rng.normal(size=n_rows)
    return (rng.random(n_rows) < expit(x - 1)).astype(float), expit(2 * x + 0.5)


def test_what_it_corrects_is_calibrated() -> None:
    truth, probability = world()
    corrected = fit(truth, probability).apply(probability)
    assert evaluate(SLOPE, truth, corrected) == pytest.approx(1, abs=2e-3)
    assert evaluate(INTERCEPT, truth, corrected) == pytest.approx(0, abs=2e-3)
    assert np.array_equal(np.argsort(corrected), np.argsort(probability))


def test_it_equals_scikit_learn_on_the_logit() -> None:
    truth, probability = world(400)
    slope, intercept = _sigmoid_calibration(logit(probability), truth)
    found = fit(truth, probability)
    assert (found.slope, found.intercept) == pytest.approx((-slope, -intercept), rel=1e-4)


def test_a_constant_probability_is_set_to_the_mean_and_keeps_slope_1() -> None:
    found = fit(np.array([1.0] * 30 + [0.0] * 70), np.full(100, 0.6))
    assert found.slope == 1
    assert found.apply(np.array([0.6]))[0] == pytest.approx(0.3, abs=0.002)


def test_a_probability_that_separates_the_classes_stays_finite() -> None:
    found = fit(np.array([0.0, 0, 1, 1]), np.array([0.0, 0.2, 0.7, 1.0]))
    assert np.isfinite([found.slope, found.intercept]).all()
    assert found.slope > 0


def test_a_probability_that_ranks_the_wrong_way_round_gives_everybody_the_mean() -> None:
    truth, probability = world()
    found = fit(truth, 1 - probability)
    assert found.slope == 0
    assert found.apply(np.array([0.1, 0.9])) == pytest.approx(truth.mean(), abs=1e-3)


def test_applying_leaves_its_argument_alone() -> None:
    probability = np.array([0.0, 0.5, 1.0])
    assert Calibration(slope=1, intercept=0).apply(probability) == pytest.approx([0, 0.5, 1], abs=1e-12)
    assert probability.tolist() == [0.0, 0.5, 1.0]


@pytest.mark.parametrize(
    ("truth", "probability", "words"),
    [([0, 0], [0.1, 0.2], "both 0 and 1"), ([0, 1], [0.1, 1.2], r"in \[0, 1\]"), ([0, 1], [0.1], "shape")],
)
def test_rows_that_cannot_be_calibrated_are_refused(truth: list[int], probability: list[float], words: str) -> None:
    for function in (fit, reliability):
        with pytest.raises(MetricError, match=words):
            function(np.array(truth), np.array(probability))


def test_the_reliability_table_counts_every_row_once() -> None:
    truth, probability = world(1000)
    bins = reliability(truth, probability)
    assert [one.n_rows for one in bins] == [100] * 10
    assert np.mean([one.observed for one in bins]) == pytest.approx(truth.mean())
    assert all(one.low <= one.observed <= one.high for one in bins)
    assert [one.predicted for one in bins] == sorted(one.predicted for one in bins)


def test_the_wilson_interval_of_a_case_worked_by_hand() -> None:
    """Of 10 rows none churned: 0 to z^2 / (n + z^2) = 3.8415 / 13.8415."""
    truth = np.concatenate([np.zeros(10), np.ones(10)])
    first, last = reliability(truth, np.repeat([0.2, 0.8], 10), bins=2)
    assert (first.low, first.high) == pytest.approx((0, 0.27753), abs=1e-5)
    assert (last.low, last.high) == pytest.approx((1 - 0.27753, 1), abs=1e-5)


@pytest.mark.parametrize("spread", [0.0, 1e-12, 1e-8])
def test_a_probability_that_hardly_varies_keeps_its_order_and_gets_the_mean(spread: float) -> None:
    rng = np.random.default_rng(3)
    truth, log_odds = (rng.random(2000) < 0.3).astype(float), logit(0.2) + spread * rng.normal(size=2000)
    found = fit(truth, expit(log_odds))
    assert found.slope == 1.0
    assert found.apply(expit(log_odds)).mean() == pytest.approx(truth.mean(), abs=1e-3)


def test_a_probability_that_separates_the_classes_is_set_to_platts_targets() -> None:
    truth = np.repeat([0.0, 1.0], [300, 100])
    found = fit(truth, np.where(truth == 1, 0.6, 0.4))
    assert found.apply(np.array([0.4, 0.6])) == pytest.approx([1 / 302, 101 / 102], abs=1e-6)
