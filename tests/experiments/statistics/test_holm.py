"""Holm's procedure against the principle it comes from."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.statistics.holm import rejected

p_values = st.lists(st.sampled_from([0.0, 0.001, 0.01, 0.0125, 1 / 60, 0.02, 0.025, 0.04, 0.05, 0.3, 1.0]), max_size=6)


def by_closed_testing(found: list[float], alpha: float) -> tuple[bool, ...]:
    """A hypothesis falls when every intersection that holds it falls by Bonferroni (Marcus, Peritz & Gabriel 1976)."""
    places = range(len(found))
    sets = [chosen for size in range(1, len(found) + 1) for chosen in combinations(places, size)]
    falls = {chosen: min(found[place] for place in chosen) <= alpha / len(chosen) for chosen in sets}
    return tuple(all(falls[chosen] for chosen in sets if place in chosen) for place in places)


@given(p_values, st.sampled_from([0.05, 0.1, 0.01]))
def test_it_rejects_what_closed_testing_rejects(found: list[float], alpha: float) -> None:
    assert rejected(found, alpha=alpha) == by_closed_testing(found, alpha)


@given(p_values, st.randoms())
def test_the_order_of_the_tests_is_irrelevant(found: list[float], random) -> None:
    order = list(range(len(found)))
    random.shuffle(order)
    shuffled = rejected([found[place] for place in order], alpha=0.05)
    assert list(shuffled) == [rejected(found, alpha=0.05)[place] for place in order]


def test_a_case_worked_by_hand() -> None:
    # 0.01 <= 0.05/4, 0.013 <= 0.05/3, but 0.03 > 0.05/2 ends it.
    assert rejected([0.03, 0.01, 0.04, 0.013], alpha=0.05) == (False, True, False, True)


def test_nothing_tested_rejects_nothing() -> None:
    assert rejected([], alpha=0.05) == ()


@pytest.mark.parametrize("alpha", [0.05, 0.025])
def test_one_test_is_held_against_alpha_itself(alpha: float) -> None:
    assert rejected([alpha], alpha=alpha) == (True,)
    assert rejected([alpha * 1.0001], alpha=alpha) == (False,)
