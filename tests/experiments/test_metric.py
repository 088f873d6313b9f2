import numpy as np
import pytest

from experiments.metric import INPUTS, Metric, Numbers, evaluate, statistic
from features.errors import MetricError


def mean_gap(*, truth: Numbers, score: Numbers, weights: Numbers) -> Numbers:
    gap: Numbers = weights @ (score - truth) / weights.sum(axis=1)
    return gap


GAP = Metric("gap", "how far off on the whole", better="nearer", unit="share", kind="rank", function=mean_gap, ideal=0)
TRUTH, SCORE = np.array([1.0, 0.0, 0.0]), np.array([0.5, 0.25, 0.0])


def test_without_weights_every_row_counts_once() -> None:
    assert evaluate(GAP, TRUTH, SCORE) == evaluate(GAP, TRUTH, SCORE, weights=np.ones((1, 3)))[0] == -0.25 / 3


def test_integers_and_booleans_are_numbers_too() -> None:
    assert evaluate(GAP, np.array([True, False, False]), np.array([1, 0, 0])) == 0.0


def test_a_statistic_is_checked_once_and_weighted_often() -> None:
    under = statistic(GAP, TRUTH, SCORE)
    assert under(np.array([[2.0, 1.0, 1.0]]))[0] == -0.1875
    assert np.isnan(under(np.array([[2.0, 0.0, 0.0]]))[0])


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ((TRUTH,), r"needs \('truth', 'score'\); it was given 1"),
        ((np.array([1.0, 0.0, 2.0]), SCORE), "both 0 and 1, no other"),
        ((TRUTH, SCORE.reshape(1, 3)), r"score has shape \(1, 3\)"),
        ((TRUTH, np.array([0.1, np.inf, np.nan])), "missing or infinite in 2 of 3 rows"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(inputs: tuple[Numbers, ...], words: str) -> None:
    with pytest.raises(MetricError, match=f"metric 'gap'.*{words}"):
        evaluate(GAP, *inputs)


@pytest.mark.parametrize("weights", [[[1.0, 1.0]], [1.0, 1.0, 1.0], [[1.0, -1.0, 1.0]], [[0.5, 1.0, 1.0]]])
def test_weights_must_be_whole_numbers_one_a_row(weights: list[list[float]]) -> None:
    with pytest.raises(MetricError, match="metric 'gap': weights"):
        evaluate(GAP, TRUTH, SCORE, weights=np.array(weights))


def test_every_kind_says_what_it_needs() -> None:
    assert GAP.inputs == INPUTS["rank"] == ("truth", "score")
