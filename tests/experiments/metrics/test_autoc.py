import numpy as np
import pytest
from scipy.stats import norm

from experiments.metric import Numbers, evaluate
from experiments.metrics.autoc import METRIC

TREATED = np.array([1, 1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0])
GOOD = np.array([1, 1, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0])
UNTIED = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.04, 0.03])
TIED = np.repeat([3.0, 2.0, 1.0], 4)


def by_definition(gamma: Numbers, uplift: Numbers) -> float:
    """The mean of TOC(i/n), each row taking the mean gamma of the rows of its own uplift."""
    n_rows = len(gamma)
    shared = np.array([gamma[uplift == own].mean() for own in uplift])[np.argsort(-uplift)]
    return float(sum(shared[:i].mean() - gamma.mean() for i in range(1, n_rows + 1)) / n_rows)


@pytest.mark.parametrize(
    ("share", "uplift", "expected"),
    [(7 / 12, UNTIED, 0.6754091940), (1 / 2, UNTIED, 0.7069504570), (7 / 12, TIED, 0.4597732426)],
)
def test_the_recorded_numbers(share: float, uplift: Numbers, expected: float) -> None:
    gamma = TREATED * GOOD / share - (1 - TREATED) * GOOD / (1 - share)
    assert evaluate(METRIC, gamma, uplift) == pytest.approx(expected, abs=1e-10)


def test_a_constant_uplift_gives_exactly_0_in_every_draw() -> None:
    rng = np.random.default_rng(4)
    gamma = rng.normal(size=997)
    assert evaluate(METRIC, gamma, np.full(997, 0.1)) == 0.0
    weights = rng.poisson(1.0, (20, 997)).astype(float)
    assert not evaluate(METRIC, gamma, np.full(997, 0.1), weights=weights).any()


def test_a_normal_effect_known_perfectly_gives_the_analytic_value() -> None:
    effect = norm.ppf((np.arange(200_000) + 0.5) / 200_000)
    assert evaluate(METRIC, effect, effect) == pytest.approx(0.9031972856, abs=1e-4)
