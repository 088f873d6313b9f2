"""The interval of miscalibration: it means the same however few the rows, and equal models differ by nothing."""

import numpy as np
import pytest
from scipy.special import expit

from experiments.metric import Numbers, evaluate
from experiments.metrics.miscalibration import METRIC
from experiments.statistics.intervals import Interval
from experiments.statistics.miscalibration import Miscalibration, miscalibration

LEVEL = 0.90


def judged(truth: Numbers, *probabilities: Numbers, clusters: np.ndarray | None = None) -> Miscalibration:
    return miscalibration(truth, *probabilities, clusters=np.arange(truth.size) if clusters is None else clusters)


def world(seed: int, n_rows: int, shift: float = 0.0) -> tuple[Numbers, Numbers]:
    """Outcomes and probabilities of a base rate of .3, which all promise too much by `shift`."""
    rng = np.random.default_rng(seed)
    risk = expit(rng.normal(-1.0, 1.0, n_rows)) * 0.9
    return (rng.random(n_rows) < risk).astype(float), np.minimum(risk + shift, 1.0)


def bounds(n_rows: int, shift: float, runs: int = 400) -> list[Interval]:
    return [judged(*world(seed, n_rows, shift)).interval(0, level=LEVEL) for seed in range(runs)]


def test_it_is_the_metric_where_every_customer_has_one_row() -> None:
    truth, probability = world(1, 500)
    assert judged(truth, probability).value(0) == pytest.approx(evaluate(METRIC, truth, probability), abs=1e-15)


def test_weighting_customers_equals_repeating_their_rows() -> None:
    truth, probability = world(2, 300)
    times = np.random.default_rng(5).integers(1, 4, 300)
    whole = np.repeat(np.arange(300), times)
    # The bins are of equal counts of rows, so that weights keep the value only where each bin is a probability.
    probability = np.round(probability * 4) / 4 + 0.01
    bins = {one: index for index, one in enumerate(np.unique(probability))}
    assert len(bins) < 6
    repeated = judged(truth[whole], probability[whole], clusters=whole)
    weighted = miscalibration(truth, probability, clusters=np.arange(300), weights=times.astype(float))
    np.testing.assert_allclose(weighted.gaps, repeated.gaps)
    np.testing.assert_allclose(weighted.covariance, repeated.covariance)


def test_equal_models_differ_by_exactly_nothing() -> None:
    truth, probability = world(3, 400, 0.05)
    found = judged(truth, probability, probability).difference(0, 1, level=LEVEL)
    assert (found.value, found.low, found.high) == (0, 0, 0)


@pytest.mark.slow
@pytest.mark.parametrize("n_rows", [400, 900, 3000])
def test_true_probabilities_are_shown_beyond_the_limit_in_at_most_five_of_a_hundred_cohorts(n_rows: int) -> None:
    """The plain expected calibration error is above .05 in 42 of 100 cohorts of 400 rows."""
    found = bounds(n_rows, 0.0)
    limit = 0.05**2
    assert np.mean([one.low > limit for one in found]) <= 0.05
    assert np.mean([one.value for one in found]) == pytest.approx(0, abs=4 * np.std([one.value for one in found]) / 20)


@pytest.mark.slow
def test_probabilities_that_are_off_by_ten_points_are_found_where_there_are_rows() -> None:
    assert np.mean([one.low > 0.05**2 for one in bounds(3000, 0.10, runs=200)]) > 0.95
    # At the limit itself it is as likely to be held against the model as the level says.
    assert np.mean([one.low > 0.05**2 for one in bounds(3000, 0.05)]) <= 0.05 + 3 * (0.05 * 0.95 / 400) ** 0.5


@pytest.mark.slow
@pytest.mark.parametrize("n_rows", [900, 3000])
def test_the_difference_of_two_models_covers_when_customers_have_several_rows(n_rows: int) -> None:
    held, truth = [], 0.08**2 - 0.03**2
    for seed in range(400):
        rng = np.random.default_rng(seed)
        clusters = np.repeat(np.arange(n_rows // 3), 3)
        luck = rng.uniform(size=n_rows // 3)[clusters]
        risk = rng.uniform(0.2, 0.7, n_rows // 3)[clusters] + rng.uniform(-0.05, 0.05, n_rows)
        # Two of three rows of a customer fare alike.
        drawn = np.where(np.arange(n_rows) % 3 == 0, rng.uniform(size=n_rows), luck)
        outcome = (drawn < risk).astype(float)
        found = judged(outcome, risk + 0.08, risk + 0.03, clusters=clusters).difference(0, 1, level=LEVEL)
        held.append(found.low <= truth <= found.high)
    assert 0.86 <= np.mean(held) <= 0.95
