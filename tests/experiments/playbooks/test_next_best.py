"""The next best action: never the given one, never one that is barred, the model's before the playbook's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.money.policy import NOBODY
from experiments.playbooks.next_best import next_best
from experiments.playbooks.proposals import Customers

COST = np.array([2.0, 1.0, 0.0])


def world(seed: int, size: int = 40) -> tuple[Customers, dict[str, np.ndarray]]:
    draw = np.random.default_rng(seed)
    customers = Customers(
        np.array([f"c{place}" for place in range(size)]),
        draw.normal(20, 15, size),
        draw.random(size),
        draw.normal(0.05, 0.2, (size, 3)),
        {"opted out": draw.random(size) < 0.2},
        draw.random((size, 3)) < 0.7,
    )
    met = draw.random((size, 4)) < 0.4
    said = draw.integers(-1, 3, 4)
    return customers, {
        "given": draw.integers(-1, 3, size),
        "by_playbook": np.where(met, said, NOBODY),
        "ends": met & (said == NOBODY),
        "established": draw.random(3) < 0.5,
    }


def by_hand(customers: Customers, terms: dict[str, np.ndarray], place: int) -> int:
    """The same for one customer, in words."""
    free = [
        action
        for action in range(3)
        if customers.allowed[place, action] and action != terms["given"][place] and customers.value[place] >= 0
    ]
    worth = {a: customers.value[place] * customers.uplift[place, a] - COST[a] for a in free if terms["established"][a]}
    if worth and max(worth.values()) > 0:
        return max(worth, key=lambda action: worth[action])
    for action, end in zip(terms["by_playbook"][place], terms["ends"][place], strict=True):
        if end:
            return NOBODY
        if action in free and not terms["established"][action]:
            return int(action)
    return NOBODY


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**6))
def test_it_is_what_the_words_say(seed: int) -> None:
    customers, terms = world(seed)
    found = next_best(customers, **terms, cost=COST)
    assert found.tolist() == [by_hand(customers, terms, place) for place in range(40)]


@pytest.mark.parametrize("size", [0, 3])
def test_without_actions_there_is_none(size: int) -> None:
    customers = Customers(np.arange(size), np.ones(size), np.ones(size), np.zeros((size, 0)), {})
    none = np.zeros((size, 0))
    found = next_best(
        customers,
        given=np.full(size, NOBODY),
        by_playbook=none.astype(np.intp),
        ends=none.astype(np.bool_),
        cost=np.zeros(0),
        established=np.zeros(0, dtype=bool),
    )
    assert found.tolist() == [NOBODY] * size
