"""What every metric must do. A new file in `experiments/metrics` is found and held to it.

It brings its own oracle: `tests/experiments/metrics/test_NAME.py` defines `by_definition(*inputs)`, the slow
and obvious way to the same figure.
"""

import sys
from math import nan
from pathlib import Path
from runpy import run_path
from typing import Any

import hypothesis.extra.numpy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from experiments import metrics
from experiments.metric import Metric, Numbers, evaluate
from experiments.statistics.intervals import estimate, multiplicities
from features.errors import MetricError
from features.plugins import discover

METRICS = discover(metrics, Metric)
ORACLES = Path(__file__).parents[1] / "experiments" / "metrics"
LABELLED = [name for name, metric in METRICS.items() if "truth" in metric.inputs]
RANKING = [name for name, metric in METRICS.items() if metric.kind in {"rank", "uplift"}]

every_metric = pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS.keys())
small = settings(max_examples=40, deadline=None, database=None, derandomize=True)

COLUMNS = {
    "truth": st.integers(0, 1),
    "score": st.integers(0, 3),
    "probability": st.sampled_from([0.02, 0.1, 0.3, 0.5, 0.8, 0.95]),
    "gamma": st.integers(-6, 6).map(lambda number: number / 4),
    "uplift": st.integers(0, 3),
    "net_value": st.integers(-40, 40).map(lambda number: number / 8),
}


@st.composite
def small_cases(draw: st.DrawFn, metric: Metric) -> tuple[Numbers, ...]:
    n_rows = draw(st.integers(2, 8))
    columns = {name: draw(st.lists(COLUMNS[name], min_size=n_rows, max_size=n_rows)) for name in metric.inputs}
    if "truth" in columns:
        columns["truth"][:2] = [0, 1]
    return tuple(np.array(column, dtype=np.float64) for column in columns.values())


def oracle(metric: Metric) -> Any:
    path = ORACLES / f"test_{metric.name}.py"
    wanted = f"write tests/experiments/metrics/test_{metric.name}.py with by_definition({', '.join(metric.inputs)})"
    assert path.is_file(), f"no definition to hold '{metric.name}' against: {wanted}, slow and plain"
    return run_path(str(path))["by_definition"]


def or_undefined(metric: Metric, *inputs: Numbers) -> float:
    try:
        return evaluate(metric, *inputs)
    except MetricError:
        return nan


def large_case(metric: Metric, model: str, n_rows: int = 4000) -> tuple[Numbers, ...]:
    """Rows of a known world with the figures of a perfect, a random or a reversed model."""
    rng = np.random.default_rng(11)
    x, noise = rng.normal(size=(2, n_rows))
    risk, effect = expit(x - 1), 0.1 * x
    columns = {
        "truth": (rng.random(n_rows) < risk).astype(np.float64),
        "score": {"perfect": x, "random": noise, "reversed": -x}[model],
        "probability": {"perfect": risk, "random": expit(noise - 1), "reversed": 1 - risk}[model],
        "gamma": effect + noise,
        "uplift": {"perfect": effect, "random": rng.normal(size=n_rows), "reversed": -effect}[model],
        "net_value": (effect + noise) * {"perfect": effect > 0, "random": noise > 9, "reversed": effect < 0}[model],
    }
    return tuple(columns[name] for name in metric.inputs)


def quality(metric: Metric, model: str) -> float:
    value = evaluate(metric, *large_case(metric, model))
    if metric.ideal is not None:
        return -abs(value - metric.ideal)
    return -value if metric.better == "lower" else value


@every_metric
def test_it_is_named_like_its_module_and_says_what_it_means(metric: Metric) -> None:
    module = sys.modules[f"experiments.metrics.{metric.name}"]
    assert module.METRIC is metric
    assert metric.meaning
    assert metric.unit
    assert (metric.ideal is not None) == (metric.better == "nearer")


@every_metric
@small
@given(data=st.data())
def test_it_equals_its_definition_on_small_cases_with_ties(metric: Metric, data: st.DataObject) -> None:
    inputs = data.draw(small_cases(metric))
    expected = oracle(metric)(*inputs)
    assert or_undefined(metric, *inputs) == pytest.approx(expected, rel=1e-8, abs=1e-10, nan_ok=True)


@every_metric
def test_a_perfect_model_beats_a_random_one_and_that_a_reversed_one(metric: Metric) -> None:
    perfect, random, reverse = (quality(metric, model) for model in ("perfect", "random", "reversed"))
    chance = 0.05 * (perfect - reverse)
    assert perfect == random == reverse if metric.better == "neither" else perfect > reverse
    assert perfect >= random - chance
    assert random >= reverse - chance


@every_metric
@small
@given(data=st.data())
def test_weighting_a_row_equals_repeating_it(metric: Metric, data: st.DataObject) -> None:
    inputs = data.draw(small_cases(metric))
    times = st.just(2) if metric.anchored else st.integers(0, 3)
    weights = np.array(data.draw(st.lists(times, min_size=inputs[0].size, max_size=inputs[0].size)))
    repeated = or_undefined(metric, *(np.repeat(column, weights) for column in inputs))
    weighted = evaluate(metric, *inputs, weights=np.stack([weights, np.ones_like(weights)]).astype(np.float64))
    assert weighted[0] == pytest.approx(repeated, rel=1e-12, abs=1e-12, nan_ok=True)
    assert weighted[1] == pytest.approx(or_undefined(metric, *inputs), rel=1e-12, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("name", [name for name, metric in METRICS.items() if metric.fast])
@small
@given(data=st.data())
def test_its_fast_form_gives_the_same_in_every_draw_of_customers(name: str, data: st.DataObject) -> None:
    metric = METRICS[name]
    inputs = data.draw(small_cases(metric))
    clusters = np.array(data.draw(st.lists(st.integers(0, 4), min_size=inputs[0].size, max_size=inputs[0].size)))
    counts = data.draw(hypothesis.extra.numpy.arrays(np.uint8, (6, 5), elements=st.integers(0, 3)))
    counts[0] = 0
    with np.errstate(divide="ignore", invalid="ignore"):
        fast = metric.fast(**dict(zip(metric.inputs, inputs, strict=True)), counts=counts, clusters=clusters)
    expected = evaluate(metric, *inputs, weights=counts[:, clusters].astype(np.float64))
    # Sums that cancel to nothing leave rounding: the figures are of the order of 1.
    np.testing.assert_allclose(fast, expected, rtol=1e-9, atol=1e-13)


@every_metric
@small
@given(data=st.data())
def test_the_order_of_rows_changes_nothing(metric: Metric, data: st.DataObject) -> None:
    inputs = data.draw(small_cases(metric))
    order = data.draw(st.permutations(range(inputs[0].size)))
    turned = or_undefined(metric, *(column[order] for column in inputs))
    assert turned == pytest.approx(or_undefined(metric, *inputs), rel=1e-12, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("name", [name for name, metric in METRICS.items() if metric.within_classes])
@small
@given(data=st.data())
def test_weights_that_are_equal_within_each_class_change_nothing_where_it_says_so(
    name: str, data: st.DataObject
) -> None:
    inputs = data.draw(small_cases(METRICS[name]))
    weights = np.where(inputs[0] == 1, *data.draw(st.permutations([1.0, 7.0])))
    weighted = evaluate(METRICS[name], *inputs, weights=weights[None, :])[0]
    assert weighted == pytest.approx(or_undefined(METRICS[name], *inputs), rel=1e-12, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("name", RANKING)
@small
@given(data=st.data())
def test_only_the_order_of_scores_counts_where_it_ranks(name: str, data: st.DataObject) -> None:
    metric = METRICS[name]
    measured, score = data.draw(small_cases(metric))
    assert evaluate(metric, measured, np.exp(3 * score) - 7) == evaluate(metric, measured, score)


@pytest.mark.parametrize("name", LABELLED)
@pytest.mark.parametrize("only", [0.0, 1.0])
def test_one_class_only_is_an_error_that_names_the_metric(name: str, only: float) -> None:
    with pytest.raises(MetricError, match=f"'{name}'.*both 0 and 1"):
        evaluate(METRICS[name], np.full(3, only), np.array([0.1, 0.2, 0.3]))


@pytest.mark.parametrize("name", LABELLED)
def test_a_draw_with_one_class_only_is_undefined(name: str) -> None:
    truth, prediction = np.array([1.0, 0, 1, 0, 1]), np.array([0.1, 0.2, 0.6, 0.7, 0.9])
    weights = np.array([[2.0, 0, 1, 0, 1], [0, 3, 0, 1, 0], [0, 0, 0, 0, 0], [1, 1, 1, 1, 1]])
    assert np.isnan(evaluate(METRICS[name], truth, prediction, weights=weights)).tolist() == [True, True, True, False]


@every_metric
def test_rows_that_mean_nothing_are_an_error_that_names_the_metric(metric: Metric) -> None:
    inputs = large_case(metric, "perfect", n_rows=20)
    holed = inputs[-1].copy()
    holed[3] = nan
    for wrong in ((np.empty(0),) * len(inputs), (*inputs[:-1], holed), (*inputs, inputs[0])):
        with pytest.raises(MetricError, match=f"'{metric.name}'"):
            evaluate(metric, *wrong)
    if len(inputs) > 1:
        with pytest.raises(MetricError, match=f"'{metric.name}': lengths differ"):
            evaluate(metric, inputs[0], inputs[1][:-1])


@pytest.mark.slow
@every_metric
def test_its_interval_covers(metric: Metric) -> None:
    """A 95 % interval holds the value of the whole world in 90 to 98 % of samples from it."""
    truth = evaluate(metric, *world(metric, n_rows=300_000, seed=0))
    covered = []
    for seed in range(1, 241):
        inputs = world(metric, n_rows=600, seed=seed)
        counts = multiplicities(n_clusters=600, draws=100, seed=seed)
        interval = estimate(metric, *inputs, counts=counts).interval()
        covered.append(interval.low <= truth <= interval.high)
    assert 0.90 <= np.mean(covered) <= 0.98


def world(metric: Metric, *, n_rows: int, seed: int) -> tuple[Numbers, ...]:
    """Customers with a score that ranks well but not perfectly, and probabilities that are off."""
    rng = np.random.default_rng(seed)
    x, blur, noise = rng.normal(size=(3, n_rows))
    effect = 0.05 + 0.1 * x
    columns = {
        "truth": (rng.random(n_rows) < expit(x - 0.5)).astype(np.float64),
        "score": np.round(x + blur, 1),
        "probability": expit(2.5 * x + 0.8),
        "gamma": effect + noise,
        "uplift": np.round(x + blur, 1),
        "net_value": (effect + noise) * (x + blur > 0),
    }
    return tuple(columns[name] for name in metric.inputs)
