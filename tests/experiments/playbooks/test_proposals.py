"""Proposals: limits hold, nobody barred is contacted, and who has the last word on an action."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.money.limits import UNLIMITED, Limits
from experiments.playbooks import proposals
from experiments.playbooks.proposals import BY_MODEL, BY_PLAYBOOK, LEFT_ALONE, NO_ROW_FITS, NOBODY, Book, Customers

COST = np.array([2.0, 1.0, 0.0])


def world(seed: int, size: int = 40) -> tuple[Customers, Book, np.ndarray, Limits]:
    draw = np.random.default_rng(seed)
    barred = {"opted out": draw.random(size) < 0.2}
    customers = Customers(
        np.array([f"c{place:02}" for place in draw.permutation(size)]),
        draw.normal(20, 15, size),
        draw.random(size),
        draw.normal(0.05, 0.2, (size, 3)),
        barred,
    )
    fits = draw.random(size) < 0.8
    book = Book(np.where(fits, draw.integers(-1, 3, size), NOBODY), fits)
    limits = Limits(
        int(draw.integers(0, 30)),
        tuple(draw.choice([0.0, 3.0, 8.0, UNLIMITED], 3).tolist()),
        float(draw.choice([5.0, 25.0, UNLIMITED])),
    )
    return customers, book, draw.random(3) < 0.5, limits


def proposed(seed: int) -> tuple[Customers, Book, np.ndarray, Limits, proposals.Proposals]:
    customers, book, established, limits = world(seed)
    found = proposals.propose(customers, book, cost=COST, established=established, limits=limits)
    return customers, book, established, limits, found


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**6))
def test_the_laws_of_proposals(seed: int) -> None:
    customers, book, established, limits, found = proposed(seed)
    some = found.action != NOBODY
    counts = np.bincount(found.action[some], minlength=3)
    assert some.sum() <= limits.contacts
    assert (counts <= np.array(limits.by_action)).all()
    assert (counts * COST).sum() <= limits.money + 1e-9
    assert not (some & ~customers.may_contact).any()
    assert not (some & (customers.value < 0)).any()
    # The model decides on what is established and on nothing else; the playbook on the rest, by its own row.
    by_model, by_book = found.source == BY_MODEL, found.source == BY_PLAYBOOK
    assert established[found.action[by_model]].all()
    assert not established[found.action[by_book]].any()
    assert (found.action[by_book] == book.action[by_book]).all()
    assert (found.worth[by_model] > 0).all()
    assert np.isnan(found.worth[~by_model]).all()
    assert ((found.because == "none") == some).all()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_the_order_of_the_rows_changes_nothing(seed: int) -> None:
    customers, book, established, limits, found = proposed(seed)
    order = np.random.default_rng(seed).permutation(len(customers.value))
    other = Customers(
        customers.ids[order],
        customers.value[order],
        customers.risk[order],
        customers.uplift[order],
        {name: mask[order] for name, mask in customers.barred.items()},
    )
    again = proposals.propose(
        other, Book(book.action[order], book.fits[order]), cost=COST, established=established, limits=limits
    )
    assert (again.action == found.action[order]).all()


def test_of_those_whom_the_playbook_wants_the_most_urgent_come_first() -> None:
    customers = Customers(
        np.array(["a", "b", "c"]), np.array([10.0, 30.0, 10.0]), np.array([0.5, 0.5, 0.9]), np.zeros((3, 3)), {}
    )
    found = proposals.propose(
        customers,
        Book(np.array([0, 0, 0]), np.ones(3, dtype=bool)),
        cost=COST,
        established=np.zeros(3, dtype=bool),
        limits=Limits(2, (UNLIMITED,) * 3),
    )
    assert found.action.tolist() == [NOBODY, 0, 0]
    assert found.because.tolist() == ["capacity full", "none", "none"]


@pytest.mark.parametrize(("fits", "told"), [([True, True], LEFT_ALONE), ([False, True], NO_ROW_FITS)])
def test_why_nothing_is_proposed(fits: list[bool], told: str) -> None:
    customers = Customers(np.array(["a", "b"]), np.array([10.0, 10.0]), np.array([0.5, 0.5]), np.zeros((2, 3)), {})
    found = proposals.propose(
        customers,
        Book(np.array([NOBODY, 0]), np.array(fits)),
        cost=COST,
        established=np.zeros(3, dtype=bool),
        limits=Limits(9, (UNLIMITED,) * 3),
    )
    assert found.because.tolist() == [told, "none"]


def test_an_action_that_is_established_to_be_worth_nothing_is_not_given_by_the_playbook() -> None:
    customers = Customers(np.array(["a"]), np.array([10.0]), np.array([0.5]), np.array([[0.01, 0.0, 0.0]]), {})
    found = proposals.propose(
        customers,
        Book(np.array([0]), np.ones(1, dtype=bool)),
        cost=COST,
        established=np.array([True, False, False]),
        limits=Limits(9, (UNLIMITED,) * 3),
    )
    assert found.action.tolist() == [NOBODY]
    assert found.because.tolist() == [proposals.NOT_WORTH_IT]
