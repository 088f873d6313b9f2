"""Intervals of differences hold what they should as often as they say, when customers have rows that are alike."""

import numpy as np
import pytest
from scipy.special import expit

from experiments.metric import Metric, Numbers, evaluate
from experiments.metrics.auc import METRIC as AUC
from experiments.metrics.autoc import METRIC as AUTOC
from experiments.metrics.policy_value import METRIC as POLICY_VALUE
from experiments.metrics.qini import METRIC as QINI
from experiments.statistics.intervals import Estimate, Method, estimate, multiplicities
from experiments.statistics.poisson import Clusters

METRICS = (AUC, QINI, AUTOC, POLICY_VALUE)
CUSTOMERS, SAMPLES, DRAWS = 300, 300, 200


def world(n_customers: int, seed: int) -> tuple[dict[str, Numbers], Clusters]:
    """Customers of one to four rows that share risk, effect, luck and how the models err; model a is the better one."""
    rng = np.random.default_rng(seed)
    clusters = np.repeat(np.arange(n_customers), rng.integers(1, 5, n_customers))
    x, luck, blur_a, blur_b = rng.normal(size=(4, n_customers))[:, clusters]
    size = clusters.size
    gamma = 0.05 + 0.1 * x + luck + rng.normal(size=size)
    columns = {"truth": (rng.random(size) < expit(x + luck - 0.5)).astype(np.float64), "gamma": gamma}
    for model, seen in (("a", x + 0.8 * blur_a), ("b", x + 1.2 * blur_b)):
        columns[f"score_{model}"] = columns[f"uplift_{model}"] = np.round(seen + 0.3 * rng.normal(size=size), 1)
        columns[f"net_value_{model}"] = np.where(seen > 0.3, 40 * gamma - 1, 0)
    return columns, clusters


def inputs(metric: Metric, columns: dict[str, Numbers], model: str) -> list[Numbers]:
    return [columns[name] if name in columns else columns[f"{name}_{model}"] for name in metric.inputs]


def difference(metric: Metric, columns: dict[str, Numbers], clusters: Clusters, seed: int) -> Estimate:
    counts = multiplicities(n_clusters=int(clusters.max()) + 1, draws=DRAWS, seed=seed)
    a, b = (estimate(metric, *inputs(metric, columns, model), counts=counts, clusters=clusters) for model in ("a", "b"))
    return a - b


@pytest.fixture(scope="module")
def truths() -> dict[str, float]:
    """The differences in a world of very many customers."""
    columns, _ = world(1_000_000, seed=0)
    return {
        metric.name: float(np.subtract(*(evaluate(metric, *inputs(metric, columns, model)) for model in ("a", "b"))))
        for metric in METRICS
    }


@pytest.mark.slow
@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_paired_interval_by_customer_covers_the_difference_of_two_models(
    metric: Metric, truths: dict[str, float]
) -> None:
    covered: dict[Method, list[bool]] = {"normal": [], "percentile": []}
    for seed in range(1, SAMPLES + 1):
        found = difference(metric, *world(CUSTOMERS, seed), seed)
        for method, held in covered.items():
            interval = found.interval(method=method)
            held.append(interval.low <= truths[metric.name] <= interval.high)
    for method, held in covered.items():
        assert 0.90 <= np.mean(held) <= 0.98, method


@pytest.mark.slow
def test_drawing_rows_instead_of_customers_would_cover_too_seldom(truths: dict[str, float]) -> None:
    """The worlds above are ones in which it matters that customers are drawn, and not rows."""
    held = []
    for seed in range(1, SAMPLES + 1):
        columns, clusters = world(CUSTOMERS, seed)
        interval = difference(POLICY_VALUE, columns, np.arange(clusters.size), seed).interval()
        held.append(interval.low <= truths["policy_value"] <= interval.high)
    assert np.mean(held) < 0.90
