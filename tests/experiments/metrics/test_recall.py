import numpy as np
import pytest

from experiments.metric import Numbers, evaluate
from experiments.metrics.recall import METRIC, recall_at
from features.errors import MetricError


def by_definition(truth: Numbers, score: Numbers, share: float = 0.1) -> float:
    """Fill the budget from the top; of the block of tied rows at the cut take each row's fair part."""
    room, found = share * len(truth), 0.0
    for value in sorted(set(score), reverse=True):
        block = truth[score == value]
        taken = min(room, len(block))
        found, room = found + taken * block.mean(), room - taken
    return float(found / truth.sum())


@pytest.mark.parametrize("share", [0.05, 0.25, 0.3, 1.0])
def test_it_equals_its_definition_at_other_shares(share: float) -> None:
    rng = np.random.default_rng(2)
    truth, score = rng.integers(0, 2, 60).astype(float), rng.integers(0, 15, 60).astype(float)
    assert evaluate(recall_at(share), truth, score) == pytest.approx(by_definition(truth, score, share), abs=1e-12)


def test_ties_at_the_cut_give_their_mean_whatever_the_labels() -> None:
    score = np.array([2.0, 2, 1, 1, 1, 1, 1, 1, 1, 1])
    first, second = np.array([1.0, 0, 0, 0, 0, 0, 0, 0, 0, 1]), np.array([0.0, 1, 1, 0, 0, 0, 0, 0, 0, 0])
    assert evaluate(METRIC, first, score) == evaluate(METRIC, second, score) == 0.25


@pytest.mark.parametrize("share", [0.0, -0.1, 1.1])
def test_an_impossible_share_is_refused(share: float) -> None:
    with pytest.raises(MetricError, match="contact share"):
        recall_at(share)
