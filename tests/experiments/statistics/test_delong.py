from itertools import product

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import norm

from experiments.metric import Numbers
from experiments.metrics.auc import METRIC as AUC
from experiments.statistics.delong import delong
from experiments.statistics.intervals import estimate, multiplicities
from features.errors import MetricError


def by_definition(truth: Numbers, scores: Numbers) -> tuple[Numbers, Numbers]:
    """DeLong, DeLong & Clarke-Pearson 1988 with every pair looked at: O(mn)."""
    above, below = scores[truth == 1][:, None, :], scores[truth == 0][None, :, :]
    wins = (above > below) + (above == below) / 2
    covariances = [np.cov(wins.mean(axis=other), rowvar=False) / wins.shape[own] for own, other in ((0, 1), (1, 0))]
    return wins.mean(axis=(0, 1)), covariances[0] + covariances[1]


@pytest.mark.parametrize("n_positive", [2, 3])
@pytest.mark.parametrize("n_negative", [2, 3])
def test_it_equals_the_brute_force_for_all_pairs_of_small_scores(n_positive: int, n_negative: int) -> None:
    truth = np.array([1.0] * n_positive + [0.0] * n_negative)
    every = np.array(list(product([0.0, 1.0, 2.0], repeat=truth.size))).T
    found, (aucs, covariance) = delong(truth, every), by_definition(truth, every)
    np.testing.assert_allclose(found.aucs, aucs, atol=1e-13)
    np.testing.assert_allclose(found.covariance, covariance, atol=1e-13)


def models(n_rows: int, seed: int) -> tuple[Numbers, Numbers]:
    rng = np.random.default_rng(seed)
    x, first, second = rng.normal(size=(3, n_rows))
    return (rng.random(n_rows) < expit(x)).astype(float), np.column_stack([x + first, np.round(x + second, 1)])


def test_the_test_follows_from_the_covariance() -> None:
    truth, scores = models(300, seed=1)
    (first, second), covariance = by_definition(truth, scores)
    error = np.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    found = delong(truth, scores).difference(0, 1, level=0.9)
    assert found.z == pytest.approx((first - second) / error)
    assert found.p == pytest.approx(2 * norm.cdf(-abs(found.z)))
    assert found.interval.low == pytest.approx(first - second - norm.ppf(0.95) * error)
    assert delong(truth, scores).difference(1, 0).z == -found.z


@pytest.mark.parametrize("other", [lambda score: score, lambda score: np.exp(score / 5) - 3])
def test_models_that_rank_alike_do_not_differ(other: object) -> None:
    assert callable(other)
    truth, scores = models(200, seed=2)
    found = delong(truth, np.column_stack([scores[:, 0], other(scores[:, 0])])).difference(0, 1)
    assert (found.z, found.p) == (0, 1)
    assert found.interval.low == found.interval.high == 0


def test_it_agrees_with_the_bootstrap_on_large_samples() -> None:
    truth, scores = models(3000, seed=3)
    counts = multiplicities(n_clusters=3000, draws=400, seed=0)
    first, second = (estimate(AUC, truth, column, counts=counts) for column in scores.T)
    found = delong(truth, scores)
    assert found.aucs == pytest.approx([first.point, second.point], abs=1e-12)
    expected = (first - second).interval().standard_error
    assert found.difference(0, 1).interval.standard_error == pytest.approx(expected, rel=0.1)


def test_the_interval_of_one_auc_stays_within_0_and_1() -> None:
    """Worked by hand: wins (1, 1), (1/2, 1/2) by row and column, so both variances are 1/8 / 2 = 1/16."""
    truth, score = np.array([1.0, 1, 0, 0]), np.array([0.9, 0.4, 0.5, 0.1])
    found = delong(truth, np.column_stack([score, -score]))
    assert found.covariance[0, 0] == 0.125
    high, low = found.interval(0), found.interval(1)
    assert (high.value, high.low, high.high) == pytest.approx((0.75, 0.75 - 1.959964 * 0.125**0.5, 1))
    assert (low.value, low.low, low.high) == pytest.approx((0.25, 0, 0.25 + 1.959964 * 0.125**0.5))


@pytest.mark.parametrize(
    ("truth", "scores", "words"),
    [
        ([1, 0, 0], [[0.1], [0.2], [0.3]], "two rows of each class; there are 1 of 3"),
        ([1, 1, 0, 0], [[0.1], [0.2], [0.3]], "shape"),
        ([1, 1, 0, 0], [[0.1], [0.2], [0.3], [np.nan]], "missing"),
        ([1, 2, 0, 0], [[0.1], [0.2], [0.3], [0.4]], "neither 0 nor 1"),
    ],
)
def test_rows_that_cannot_be_judged_are_refused(truth: list[int], scores: list[list[float]], words: str) -> None:
    with pytest.raises(MetricError, match=words):
        delong(np.array(truth), np.array(scores))


@pytest.mark.slow
def test_equal_models_are_told_apart_in_one_of_twenty_samples() -> None:
    false_alarms = []
    for seed in range(1000):
        rng = np.random.default_rng(seed)
        x, first, second = rng.normal(size=(3, 400))
        truth = (rng.random(400) < expit(x)).astype(float)
        false_alarms.append(delong(truth, np.column_stack([x + first, x + second])).difference(0, 1).p < 0.05)
    assert 0.03 <= np.mean(false_alarms) <= 0.07


def test_with_a_row_for_each_customer_clusters_change_next_to_nothing() -> None:
    truth, scores = models(2000, seed=2)
    plain, clustered = delong(truth, scores), delong(truth, scores, clusters=np.arange(2000))
    assert clustered.aucs.tolist() == plain.aucs.tolist()
    np.testing.assert_allclose(clustered.covariance, plain.covariance, rtol=0.01)


def test_rows_that_are_repeated_make_nothing_surer_and_the_bootstrap_by_customer_agrees() -> None:
    truth, scores = models(400, seed=3)
    once = delong(truth, scores).interval(0).standard_error
    customers = np.repeat(np.arange(400), 3)
    again = delong(truth[customers], scores[customers], clusters=customers).interval(0).standard_error
    assert again == pytest.approx(once, rel=0.02)
    counts = multiplicities(n_clusters=400, draws=1000, seed=0)
    drawn = estimate(AUC, truth[customers], scores[customers, 0], counts=counts, clusters=customers).interval()
    assert again == pytest.approx(drawn.standard_error, rel=0.1)
