"""Draws held against their logged probabilities: few false alarms, and what was moved is found."""

import numpy as np
import pytest
from scipy.stats import norm

from experiments.effects.contrast import comparable
from experiments.effects.draw_check import draw_p
from tests.experiments.effects.round_worlds import World


def test_draws_as_logged_give_p_values_that_are_small_as_seldom_as_they_say() -> None:
    world = World(customers=400, rounds=2, call=-2.0)
    found = np.array([draw_p(rows, 0, comparable(rows, 0)) for rows in map(world.rows, range(400))])
    for limit in (0.05, 0.2):
        assert (found < limit).mean() < limit + 3.5 * np.sqrt(limit * (1 - limit) / 400)
    assert (found < 0.3).any()


def test_a_case_by_hand() -> None:
    rows = World(customers=4_000, rounds=1, shares=((0.5, 0.5, 0.0),) * 3).rows(0)
    some = rows.where(np.arange(rows.action.size) < 100)
    withheld = some.action == -1
    by_risk = some.risk - some.risk.mean()
    scores = abs(int(withheld.sum()) - 50) / 5, abs((withheld - 0.5) @ by_risk) / np.sqrt(0.25 * by_risk @ by_risk)
    assert draw_p(some, 0, comparable(some, 0)) == pytest.approx(min(1.0, 6 * norm.sf(max(scores))))
