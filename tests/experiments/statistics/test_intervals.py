import json

import numpy as np
import pytest
from scipy.special import expit

from experiments.metric import Numbers, evaluate
from experiments.metrics.auc import METRIC as AUC
from experiments.metrics.brier import METRIC as BRIER
from experiments.metrics.policy_value import METRIC as POLICY_VALUE
from experiments.statistics import intervals
from experiments.statistics.intervals import Estimate, bootstrap, estimate, interval_of, multiplicities, normal_interval
from features.errors import MetricError


def test_multiplicities_are_poisson_and_follow_from_the_seed() -> None:
    counts = multiplicities(n_clusters=2000, draws=100, seed=3)
    assert counts.dtype == np.uint8
    assert counts.mean() == pytest.approx(1, abs=0.01)
    assert counts.var() == pytest.approx(1, abs=0.02)
    assert np.array_equal(counts, multiplicities(n_clusters=2000, draws=100, seed=3))
    assert not np.array_equal(counts, multiplicities(n_clusters=2000, draws=100, seed=4))


def test_more_draws_begin_with_the_same_ones() -> None:
    few, many = (multiplicities(n_clusters=50, draws=draws, seed=3) for draws in (10, 20))
    assert np.array_equal(few, many[:10])


def test_the_size_of_blocks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    truth, score = rng.integers(0, 2, 300).astype(float), rng.normal(size=300)
    counts = multiplicities(n_clusters=300, draws=25, seed=1)
    whole = estimate(AUC, truth, score, counts=counts).values
    monkeypatch.setattr(intervals, "CHUNK_CELLS", 700)
    np.testing.assert_array_equal(estimate(AUC, truth, score, counts=counts).values, whole)


def test_all_rows_of_a_customer_are_taken_together() -> None:
    rng = np.random.default_rng(0)
    clusters = np.repeat(np.arange(40), 3)
    truth, score = rng.integers(0, 2, 120).astype(float), rng.normal(size=120)
    counts = multiplicities(n_clusters=40, draws=12, seed=1)
    expected = [evaluate(AUC, np.repeat(truth, row[clusters]), np.repeat(score, row[clusters])) for row in counts]
    np.testing.assert_allclose(estimate(AUC, truth, score, counts=counts, clusters=clusters).values, expected)


def test_a_paired_difference_is_surer_than_its_parts() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=1000)
    truth = (rng.random(1000) < expit(x)).astype(float)
    counts = multiplicities(n_clusters=1000, draws=200, seed=1)
    better, worse = (estimate(AUC, truth, x + blur * rng.normal(size=1000), counts=counts) for blur in (0.2, 0.4))
    gap = (better - worse).interval()
    assert gap.value == better.point - worse.point
    assert gap.standard_error < 0.6 * better.interval().standard_error


def test_identical_models_differ_by_exactly_nothing() -> None:
    one = estimate(POLICY_VALUE, np.arange(30.0), counts=multiplicities(n_clusters=30, draws=20, seed=0))
    gap = (one - one).interval()
    assert gap.low == gap.value == gap.high == gap.standard_error == 0


def test_both_kinds_of_interval_on_values_known() -> None:
    values = np.arange(1001) / 1000
    normal = interval_of(values, 0.4, level=0.9)
    error = float(np.std(values, ddof=1))
    assert (normal.low, normal.high) == pytest.approx((0.4 - 1.6448536 * error, 0.4 + 1.6448536 * error))
    percentile = interval_of(values, 0.4, level=0.9, method="percentile")
    assert (percentile.low, percentile.high) == pytest.approx((0.05, 0.95))
    assert (normal.method, percentile.method, normal.level) == ("normal", "percentile", 0.9)


def test_undefined_draws_are_left_out_unless_they_are_many() -> None:
    values = np.arange(100.0)
    values[:5] = np.nan
    assert interval_of(values, 50).standard_error == pytest.approx(np.std(values[5:], ddof=1))
    values[:6] = np.nan
    with pytest.raises(MetricError, match="only 94 of 100 draws"):
        interval_of(values, 50)


def test_an_interval_can_be_written_as_json() -> None:
    written = json.loads(json.dumps(normal_interval(1.0, 0.5).to_dict()))
    assert written["low"] == pytest.approx(1 - 0.98, abs=1e-4)
    assert set(written) == {"value", "low", "high", "standard_error", "method", "level"}


def test_rows_and_draws_that_do_not_fit_are_refused() -> None:
    counts = multiplicities(n_clusters=5, draws=2, seed=0)
    with pytest.raises(MetricError, match="6 rows, but draws of 5 customers and no"):
        estimate(POLICY_VALUE, np.zeros(6), counts=counts)
    with pytest.raises(MetricError, match="6 rows, but draws of 5 customers and 4"):
        estimate(POLICY_VALUE, np.zeros(6), counts=counts, clusters=np.zeros(4, dtype=np.intp))


def test_a_statistic_may_have_many_columns() -> None:
    def sums(weights: Numbers) -> Numbers:
        return np.column_stack([weights.sum(axis=1), weights[:, 0]])

    counts = multiplicities(n_clusters=8, draws=6, seed=0)
    np.testing.assert_array_equal(bootstrap(sums, counts=counts)[:, 1], counts[:, 0])


@pytest.mark.slow
def test_the_interval_covers_when_customers_have_several_alike_rows() -> None:
    """Six rows a customer that share luck: by customer 95 % intervals hold, by row they are far too narrow."""
    covered: dict[str, list[bool]] = {"customers": [], "rows": []}
    for seed in range(300):
        rng = np.random.default_rng(seed)
        clusters = np.repeat(np.arange(150), 6)
        truth = np.repeat((rng.random(150) < 0.4).astype(float), 6)
        probability = np.full(900, 0.3)
        for kind, (n_clusters, of_rows) in {"customers": (150, clusters), "rows": (900, None)}.items():
            counts = multiplicities(n_clusters=n_clusters, draws=150, seed=seed)
            interval = estimate(BRIER, truth, probability, counts=counts, clusters=of_rows).interval()
            covered[kind].append(interval.low <= 0.4 * 0.49 + 0.6 * 0.09 <= interval.high)
    assert 0.90 <= np.mean(covered["customers"]) <= 0.98
    assert np.mean(covered["rows"]) < 0.75


def test_estimates_keep_their_draws() -> None:
    gap = Estimate(3.0, np.array([1.0, 2.0])) - Estimate(1.0, np.array([0.5, 3.0]))
    assert gap.point == 2.0
    assert gap.values.tolist() == [0.5, -1.0]
