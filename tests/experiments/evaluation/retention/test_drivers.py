"""Drivers of the score: a planted threshold is found, and what does nothing is seldom told."""

import numpy as np
import pytest

from experiments.evaluation.retention.drivers import drivers, halves


def _answers(rng: np.random.Generator, minutes: np.ndarray, *, worse: float) -> np.ndarray:
    unhappy = rng.random(minutes.size) < 0.2 + worse * (minutes > 8)
    return np.where(unhappy, 3.0, 9.0)


def test_a_planted_threshold_of_eight_minutes_is_found() -> None:
    rng = np.random.default_rng(0)
    of = np.arange(3_000)
    minutes = np.round(rng.lognormal(np.log(8), 0.6, of.size), 1)
    found = drivers(
        {"minutes": minutes, "nothing": rng.random(of.size)},
        _answers(rng, minutes, worse=0.4),
        of,
        finds=halves(of.size, seed=0),
        family=2,
    )
    told = {one.column: one for one in found}
    assert told["minutes"].threshold == pytest.approx(8.0, abs=0.6)
    assert told["minutes"].tells
    assert told["minutes"].gap.low <= -0.8 <= told["minutes"].gap.high
    assert not told["nothing"].tells


@pytest.mark.parametrize("repeated", [1, 4])
def test_of_columns_that_do_nothing_one_is_told_in_one_world_of_twenty_at_most(repeated: int) -> None:
    """400 worlds of 5 columns, of customers who answer once or, all the same, four times: an error of 1.1 points."""
    rng, wrong, size = np.random.default_rng(repeated), 0, 400
    finds = halves(size, seed=0)
    of = np.repeat(np.arange(size), repeated)
    for _ in range(400):
        scores = rng.choice([9.0, 8.0, 3.0], size)[of]
        columns = {str(one): rng.random(size)[of] for one in range(5)}
        found = drivers(columns, scores, of, finds=finds, family=5)
        assert len(found) == 5
        wrong += any(one.tells for one in found)
    assert wrong / 400 <= 0.05 + 0.025


def test_too_few_answers_and_columns_that_do_not_vary_have_no_threshold() -> None:
    rng, of = np.random.default_rng(0), np.arange(500)
    scores = rng.choice([9.0, 3.0], of.size)
    columns = {"same": np.ones(of.size), "few": np.where(of < 20, 1.0, 0.0), "missing": np.full(of.size, np.nan)}
    assert drivers(columns, scores, of, finds=halves(of.size, seed=0), family=3) == []
    assert (
        drivers({"none": np.zeros(0)}, np.zeros(0), np.zeros(0, dtype=np.intp), finds=halves(3, seed=0), family=1) == []
    )


def test_halves_are_halves_and_follow_from_the_seed() -> None:
    assert halves(10_000, seed=1).mean() == pytest.approx(0.5, abs=0.02)
    assert (halves(100, seed=1) == halves(100, seed=1)).all()
    assert (halves(100, seed=1) != halves(100, seed=2)).any()
