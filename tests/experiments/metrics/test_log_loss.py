from math import log

import numpy as np
from sklearn.metrics import log_loss

from experiments.metric import Numbers, evaluate
from experiments.metrics.log_loss import METRIC


def by_definition(truth: Numbers, probability: Numbers) -> float:
    return sum(-log(p if y == 1 else 1 - p) for y, p in zip(truth, probability, strict=True)) / len(truth)


def test_it_equals_scikit_learn_with_and_without_weights_even_at_0_and_1() -> None:
    rng = np.random.default_rng(3)
    truth, probability = rng.integers(0, 2, 500).astype(float), rng.integers(0, 11, 500) / 10
    weights = rng.poisson(1.0, (5, 500)).astype(float)
    assert abs(evaluate(METRIC, truth, probability) - log_loss(truth, probability)) < 1e-12
    expected = [log_loss(truth, probability, sample_weight=row) for row in weights]
    np.testing.assert_allclose(evaluate(METRIC, truth, probability, weights=weights), expected, rtol=1e-12)
