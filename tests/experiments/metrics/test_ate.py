import numpy as np
import pytest

from experiments.metric import Numbers, evaluate
from experiments.metrics.ate import METRIC

TREATED = np.array([1, 1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0])
GOOD = np.array([1, 1, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0])


def by_definition(gamma: Numbers, uplift: Numbers) -> float:
    return float(sum(gamma)) / len(uplift)


@pytest.mark.parametrize(("share", "expected"), [(7 / 12, 0.0285714286), (1 / 2, 0.1666666667)])
def test_the_recorded_numbers(share: float, expected: float) -> None:
    gamma = TREATED * GOOD / share - (1 - TREATED) * GOOD / (1 - share)
    assert evaluate(METRIC, gamma, np.zeros(12)) == pytest.approx(expected, abs=1e-10)
