import numpy as np
import pytest

from experiments.metric import Numbers, evaluate
from experiments.metrics.lift import lift_at
from features.errors import MetricError


def by_definition(truth: Numbers, score: Numbers, share: float = 0.1) -> float:
    """The churn rate among the top rows, tied rows at the cut by their mean, over the churn rate of all."""
    room, found = share * len(truth), 0.0
    for value in sorted(set(score), reverse=True):
        block = truth[score == value]
        taken = min(room, len(block))
        found, room = found + taken * block.mean(), room - taken
    return float(found / (share * len(truth)) / truth.mean())


def test_a_case_worked_by_hand() -> None:
    truth, score = np.array([1.0, 1, 0, 1, 0, 0, 0, 0, 0, 0]), np.arange(10.0)[::-1]
    assert evaluate(lift_at(0.2), truth, score) == pytest.approx(1 / 0.3)
    assert evaluate(lift_at(0.4), truth, score) == pytest.approx(0.75 / 0.3)
    assert evaluate(lift_at(1.0), truth, score) == pytest.approx(1)


def test_an_impossible_share_is_refused() -> None:
    with pytest.raises(MetricError, match="contact share"):
        lift_at(0)
