import numpy as np

from experiments.metric import Numbers, evaluate
from experiments.metrics.policy_value import METRIC


def by_definition(net_value: Numbers) -> float:
    return float(sum(net_value)) / len(net_value)


def test_doing_nothing_is_worth_exactly_nothing() -> None:
    assert evaluate(METRIC, np.zeros(7)) == 0.0
