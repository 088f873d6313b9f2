import numpy as np
import pytest
from sklearn.metrics import brier_score_loss

from experiments.metric import Numbers, evaluate
from experiments.metrics.brier import METRIC
from features.errors import MetricError


def by_definition(truth: Numbers, probability: Numbers) -> float:
    return float(sum((p - y) ** 2 for y, p in zip(truth, probability, strict=True))) / len(truth)


def test_it_equals_scikit_learn_with_and_without_weights() -> None:
    rng = np.random.default_rng(3)
    truth, probability = rng.integers(0, 2, 500).astype(float), rng.random(500)
    weights = rng.poisson(1.0, (5, 500)).astype(float)
    assert abs(evaluate(METRIC, truth, probability) - brier_score_loss(truth, probability)) < 1e-12
    expected = [brier_score_loss(truth, probability, sample_weight=row) for row in weights]
    np.testing.assert_allclose(evaluate(METRIC, truth, probability, weights=weights), expected, rtol=1e-12)


def test_a_probability_out_of_range_is_refused() -> None:
    with pytest.raises(MetricError, match=r"'brier'.*1\.5"):
        evaluate(METRIC, np.array([0.0, 1.0]), np.array([0.2, 1.5]))
