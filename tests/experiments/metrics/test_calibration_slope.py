from math import nan

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import expit, logit

from experiments.metric import Numbers, evaluate
from experiments.metrics.calibration_slope import METRIC
from features.errors import MetricError


def by_definition(truth: Numbers, probability: Numbers) -> float:
    """The root of the likelihood equations, the intercept profiled out; NaN where the classes are separated."""
    x = logit(probability)
    high, low = x[truth == 1], x[truth == 0]
    if min(high) >= max(low) or max(high) <= min(low):
        return nan

    def residuals(slope: float) -> Numbers:
        intercept = brentq(lambda a: float(np.sum(truth - expit(a + slope * x))), -500, 500, xtol=1e-13, maxiter=2000)
        left: Numbers = truth - expit(intercept + slope * x)
        return left

    return float(brentq(lambda slope: float(residuals(slope) @ x), -60, 60, xtol=1e-13, maxiter=2000))


def test_it_recovers_how_far_the_probabilities_were_spread() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=40_000)
    truth = (rng.random(x.size) < expit(x - 1)).astype(float)
    assert evaluate(METRIC, truth, expit(x - 1)) == pytest.approx(1, abs=0.03)
    assert evaluate(METRIC, truth, expit(2 * x + 3)) == pytest.approx(0.5, abs=0.015)


@pytest.mark.parametrize("probability", [[0.3, 0.3, 0.3, 0.3], [0.1, 0.2, 0.8, 0.9], [0.1, 0.5, 0.5, 0.9]])
def test_a_constant_or_separating_probability_has_no_slope(probability: list[float]) -> None:
    with pytest.raises(MetricError, match="'calibration_slope' is not defined on these 4 rows"):
        evaluate(METRIC, np.array([0.0, 0, 1, 1]), np.array(probability))
