"""The net promoter score: by hand, and how often its interval holds the truth."""

import numpy as np
import pytest

from experiments.evaluation.retention.nps import design_effect, marks, nps


def test_by_hand() -> None:
    scores = np.array([10, 9, 8, 7, 6, 0, np.nan, 9.0])
    found = nps(scores, np.array([0, 1, 2, 3, 4, 5, 6, 0]))
    assert (found.asked, found.promoters, found.passives, found.detractors, found.customers) == (8, 3, 2, 2, 6)
    assert found.score is not None
    assert found.score.value == pytest.approx(1 / 7)


def test_nobody_answered() -> None:
    for scores in (np.array([np.nan, np.nan]), np.zeros(0)):
        found = nps(scores, np.arange(scores.size))
        assert (found.asked, found.score) == (scores.size, None)


def test_one_answer_leaves_all_open_and_the_interval_holds_the_value() -> None:
    found = nps(np.array([10.0]), np.zeros(1, dtype=np.intp)).score
    assert found is not None
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low < 0.1


def test_the_variance_is_that_of_a_multinomial_in_large_samples() -> None:
    rng = np.random.default_rng(0)
    scores = rng.choice([10.0, 8.0, 3.0], 50_000, p=[0.5, 0.2, 0.3])
    found = nps(scores, np.arange(scores.size)).score
    assert found is not None
    assert found.standard_error == pytest.approx(np.sqrt((0.8 - 0.04) / scores.size), rel=0.02)


@pytest.mark.parametrize("size", [15, 60, 400])
@pytest.mark.parametrize("shares", [(0.5, 0.2, 0.3), (0.9, 0.08, 0.02), (0.1, 0.6, 0.3)])
def test_the_interval_holds_the_truth(size: int, shares: tuple[float, ...]) -> None:
    """4,000 samples: a Monte-Carlo error of 0.35 points."""
    rng, held, truth = np.random.default_rng(size), 0, shares[0] - shares[2]
    for row in rng.choice([10.0, 8.0, 3.0], (4_000, size), p=shares):
        found = nps(row, np.arange(size)).score
        assert found is not None
        held += found.low <= truth <= found.high
    assert 0.935 <= held / 4_000 <= 0.99


def test_it_holds_where_customers_answer_several_times_and_mostly_the_same() -> None:
    """1,500 samples of 80 customers with one to eight answers: a Monte-Carlo error of 0.6 points."""
    rng, held = np.random.default_rng(1), 0
    for _ in range(1_500):
        of = np.repeat(np.arange(80), rng.integers(1, 9, 80))
        own = rng.choice([10.0, 8.0, 3.0], 80, p=[0.4, 0.3, 0.3])
        scores = np.where(rng.random(of.size) < 0.8, own[of], rng.choice([10.0, 8.0, 3.0], of.size, p=[0.4, 0.3, 0.3]))
        found = nps(scores, of).score
        assert found is not None
        held += found.low <= 0.1 <= found.high
    assert 0.925 <= held / 1_500 <= 0.98


def test_equal_answers_of_a_customer_count_once() -> None:
    values = np.tile([1.0, -1.0, 0.0, 1.0], 25)
    assert design_effect(values, np.arange(100)) == 1.0
    assert design_effect(np.repeat(values, 4), np.repeat(np.arange(100), 4)) == pytest.approx(4.0)


def test_the_kinds_of_answers() -> None:
    assert marks(np.array([0.0, 6.0, 6.5, 8.9, 9.0, 10.0])).tolist() == [-1, -1, 0, 0, 1, 1]
