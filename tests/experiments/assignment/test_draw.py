"""The draw of a round: probabilities that sum to one and are those of many seeds, strata, limits, and any order."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.assignment import draw as drawing
from experiments.assignment.draw import NOBODY, Drawn, Proposed
from features.errors import SpecError


def proposed(seed: int, *, customers: int = 60, actions: int = 3) -> Proposed:
    draw = np.random.default_rng(seed)
    allowed = draw.random((customers, actions)) < 0.7
    allowed[:, 0] |= ~allowed.any(axis=1)
    action = np.array([draw.choice(np.flatnonzero(row)) for row in allowed])
    action = np.where(draw.random(customers) < 0.3, NOBODY, action)
    level = draw.integers(0, 3, customers)
    return Proposed([f"c{place}" for place in range(customers)], action, level, allowed)


def drawn(of: Proposed, seed: object, *, control: float = 0.1, explore: float = 0.2) -> Drawn:
    return drawing.draw(of, control=control, explore=explore, seed=str(seed))


SHARES = st.floats(0, 0.99, allow_nan=False)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), SHARES, SHARES)
def test_probabilities_sum_to_one_and_what_was_drawn_was_possible(seed: int, control: float, explore: float) -> None:
    of = proposed(seed)
    found = drawn(of, seed, control=control, explore=explore)
    assert found.probability.sum(axis=1) == pytest.approx(1.0)
    own = found.probability[np.arange(len(of.ids)), 1 + found.action]
    assert (own > 0).all()
    assert (of.allowed[found.action != NOBODY, found.action[found.action != NOBODY]]).all()
    assert (found.action[of.action == NOBODY] == NOBODY).all()
    assert not (found.withheld & (of.action == NOBODY)).any()
    changed = (found.action != of.action) & ~found.withheld
    assert (found.explored | ~changed).all()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), SHARES)
def test_every_stratum_withholds_its_share_but_for_one(seed: int, control: float) -> None:
    of = proposed(seed)
    found = drawn(of, seed, control=control)
    for level in range(3):
        for action in range(3):
            stratum = (of.level == level) & (of.action == action)
            expected = control * stratum.sum()
            assert abs(found.withheld[stratum].sum() - expected) < 1 + 1e-9
    inside = of.action != NOBODY
    assert abs(found.withheld.sum() - control * inside.sum()) < 1 + 1e-9


@given(st.integers(0, 10**6))
def test_the_order_of_the_rows_changes_nothing(seed: int) -> None:
    of = proposed(seed, customers=25)
    order = np.random.default_rng(seed).permutation(25)
    other = Proposed([of.ids[place] for place in order], of.action[order], of.level[order], of.allowed[order])
    assert (drawn(other, seed).action == drawn(of, seed).action[order]).all()
    assert (drawn(other, seed).withheld == drawn(of, seed).withheld[order]).all()


def test_over_many_seeds_the_frequencies_are_the_probabilities() -> None:
    """4,000 draws: each frequency within 5 standard errors, and the errors of all together as chi-squared expects."""
    of, seeds = proposed(5, customers=40), 4_000
    counts = np.zeros((40, 4))
    for seed in range(seeds):
        found = drawn(of, seed, control=0.15, explore=0.25)
        counts[np.arange(40), 1 + found.action] += 1
    expected = found.probability
    error = np.sqrt(expected * (1 - expected) / seeds)
    possible = error > 0
    z = (counts / seeds - expected)[possible] / error[possible]
    assert np.abs(z).max() < 5
    assert (z**2).mean() == pytest.approx(1.0, abs=5 * np.sqrt(2 / z.size))
    assert (counts[~possible] == seeds * expected[~possible]).all()


def test_withholding_and_exploring_are_independent() -> None:
    of, seeds = proposed(6, customers=40), 2_000
    inside = of.action != NOBODY
    both = [
        found.withheld & found.explored for found in (drawn(of, one, control=0.3, explore=0.4) for one in range(seeds))
    ]
    rate = np.mean(both, axis=0)[inside]
    error = np.sqrt(0.12 * 0.88 / seeds)
    assert np.abs(rate - 0.12).max() < 5 * error


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.floats(0, 0.6))
def test_what_exploring_takes_of_an_action_is_within_its_reserve(seed: int, explore: float) -> None:
    of = proposed(seed, customers=120)
    most = drawing.most_explored(of.allowed, most=120, explore=explore)
    found = drawn(of, seed, control=0.0, explore=explore)
    for action, taken in enumerate(most):
        assert drawing.reserve(np.inf, taken=taken, explore=explore) == taken
        explored = (found.explored & (found.action == action)).sum()
        assert explored <= taken
        assert (found.action == action).sum() <= (of.action == action).sum() + taken


def test_nobody_is_drawn_where_nothing_is_proposed() -> None:
    of = proposed(7)
    found = drawn(replace(of, action=np.full(len(of.ids), NOBODY)), 1)
    assert (found.action == NOBODY).all()
    assert (found.probability[:, 0] == 1).all()


def test_without_control_and_exploring_the_proposals_stand() -> None:
    of = proposed(8)
    found = drawn(of, 1, control=0.0, explore=0.0)
    assert (found.action == of.action).all()
    assert set(np.unique(found.probability)) == {0.0, 1.0}


@pytest.mark.parametrize(("control", "explore"), [(1.0, 0.0), (-0.1, 0.0), (0.1, 1.0), (float("nan"), 0.0)])
def test_impossible_shares_are_refused(control: float, explore: float) -> None:
    with pytest.raises(SpecError, match="it must be at least 0 and below 1"):
        drawn(proposed(1), 1, control=control, explore=explore)


def test_a_reserve_above_the_capacity_is_refused() -> None:
    with pytest.raises(SpecError, match="explore less"):
        drawing.reserve(3, taken=35, explore=0.1)


def test_what_exploring_takes_at_most_by_hand() -> None:
    """Of 10 explored, the 4 with one action alone get it, and of the other 6 each action gets 2; a group adds one."""
    allowed = np.array([[True, True, True]] * 96 + [[True, False, False]] * 4)
    assert drawing.most_explored(allowed, most=100, explore=0.1) == [4 + 2 + 2, 4 + 1, 4 + 1]
    assert drawing.most_explored(allowed, most=100, explore=0.0) == [0, 0, 0]
