import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import expit, logit

from experiments.metric import Numbers, evaluate
from experiments.metrics.calibration_intercept import METRIC


def by_definition(truth: Numbers, probability: Numbers) -> float:
    """The shift at which promised and observed churn add up to the same."""
    return float(brentq(lambda a: float(np.sum(truth - expit(a + logit(probability)))), -100, 100, xtol=1e-14))


def test_a_constant_probability_is_shifted_to_the_base_rate() -> None:
    value = evaluate(METRIC, np.array([1.0, 0, 0, 0]), np.full(4, 0.5))
    assert value == pytest.approx(np.log(1 / 3), abs=1e-12)


def test_probabilities_that_are_far_too_low_still_converge() -> None:
    value = evaluate(METRIC, np.array([1.0, 0, 0, 1]), np.full(4, 1e-9))
    assert value == pytest.approx(-logit(1e-9), rel=1e-9)
