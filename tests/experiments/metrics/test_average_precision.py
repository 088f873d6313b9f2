import numpy as np
from sklearn.metrics import average_precision_score

from experiments.metric import Numbers, evaluate
from experiments.metrics.average_precision import METRIC


def by_definition(truth: Numbers, score: Numbers) -> float:
    """The mean over positives of the precision at the positive's own score."""
    return float(np.mean([truth[score >= own].mean() for own in score[truth == 1]]))


def test_it_equals_scikit_learn_with_and_without_weights() -> None:
    rng = np.random.default_rng(3)
    truth, score = rng.integers(0, 2, 500).astype(float), rng.integers(0, 40, 500).astype(float)
    weights = rng.poisson(1.0, (5, 500)).astype(float)
    assert abs(evaluate(METRIC, truth, score) - average_precision_score(truth, score)) < 1e-12
    expected = [average_precision_score(truth, score, sample_weight=row) for row in weights]
    np.testing.assert_allclose(evaluate(METRIC, truth, score, weights=weights), expected, rtol=1e-12)


def test_a_constant_score_gives_the_base_rate() -> None:
    assert evaluate(METRIC, np.array([1.0, 0, 0, 1, 0]), np.full(5, 0.3)) == 0.4
