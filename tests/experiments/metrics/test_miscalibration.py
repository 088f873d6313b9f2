import numpy as np
import pytest

from experiments.metric import Numbers, evaluate
from experiments.metrics.miscalibration import METRIC
from tests.experiments.metrics.test_calibration_error import bins_by_definition


def by_definition(truth: Numbers, probability: Numbers) -> float:
    """Bin by bin: the squared mean gap less the squared standard error of that mean."""
    total = 0.0
    for gaps in bins_by_definition(truth, probability).values():
        n, mean = len(gaps), sum(gaps) / len(gaps)
        variance = sum((one - mean) ** 2 for one in gaps) / (n - 1) / n if n > 1 else 0.0
        total += n * (mean**2 - variance)
    return total / len(truth)


def test_true_probabilities_have_none_on_average_however_few_the_rows() -> None:
    rng = np.random.default_rng(3)
    found = []
    for _ in range(4000):
        probability = rng.uniform(0.1, 0.6, 60)
        found.append(evaluate(METRIC, (rng.random(60) < probability).astype(float), probability))
    assert np.mean(found) == pytest.approx(0, abs=4 * np.std(found) / np.sqrt(len(found)))
    assert min(found) < 0


def test_a_gap_that_is_the_same_for_all_is_found_squared() -> None:
    rng = np.random.default_rng(4)
    probability = rng.uniform(0.1, 0.5, 200_000)
    truth = (rng.random(probability.size) < probability + 0.1).astype(float)
    assert evaluate(METRIC, truth, probability) == pytest.approx(0.01, abs=0.0005)
