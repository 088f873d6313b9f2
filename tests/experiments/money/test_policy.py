from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.metric import Numbers
from experiments.money import policy
from experiments.money.limits import UNLIMITED, Limits, Mask
from experiments.money.policy import NOBODY, Choice, choose, contacts, nobody, not_contacted_because, realised
from features.errors import MetricError

small = settings(max_examples=60, deadline=None, database=None, derandomize=True)
thorough = settings(small, max_examples=150)

UPLIFT = np.array([[0.10, 0.20], [0.02, 0.10], [-0.10, 0.0], [0.30, 0.31], [0.50, 0.50]])
VALUE = np.array([100.0, 100, 100, 100, -100])
COST = np.array([1.0, 5.0])
IDS = np.array(["e", "d", "c", "b", "a"])


def at_most(contacts: int, *by_action: float, money: float = UNLIMITED) -> Limits:
    return Limits(contacts, by_action or (UNLIMITED, UNLIMITED), money)


def predicted(choice: Choice, uplift: Numbers, value: Numbers, cost: Numbers) -> float:
    return float(sum(value[i] * uplift[i, a] - cost[a] for i, a in enumerate(choice) if a != NOBODY))


def is_within(choice: Choice, cost: Numbers, limits: Limits) -> bool:
    numbers = policy.contacts_by_action(choice, len(cost))
    spent = float(cost @ numbers)
    return bool(
        numbers.sum() <= limits.contacts and (numbers <= limits.by_action).all() and spent <= limits.money + 1e-9
    )


def test_a_case_worked_by_hand() -> None:
    """Net values: (9, 15), (1, 5), (-11, -5), (29, 26), and the last customer costs money when kept."""
    terms = {"uplift": UPLIFT, "value": VALUE, "cost": COST, "ids": IDS}
    assert choose(**terms, limits=at_most(5)).tolist() == [1, 1, NOBODY, 0, NOBODY]
    assert choose(**terms, limits=at_most(2)).tolist() == [1, NOBODY, NOBODY, 0, NOBODY]
    assert choose(**terms, limits=at_most(5, 5, 1)).tolist() == [1, 0, NOBODY, 0, NOBODY]
    assert choose(**terms, limits=at_most(5, money=6)).tolist() == [1, NOBODY, NOBODY, 0, NOBODY]
    assert choose(**terms, limits=at_most(5, money=5)).tolist() == [0, 0, NOBODY, 0, NOBODY]
    without_first = np.array([False, True, True, True, True])
    assert choose(**terms, limits=at_most(5, money=5), may_contact=without_first).tolist() == [-1, 0, -1, 0, -1]


@st.composite
def campaigns(draw: st.DrawFn, *, most_rows: int = 7) -> tuple[Numbers, Numbers, Numbers, Limits, Mask]:
    """Small campaigns full of ties: promises are eighths and costs quarters, so that sums are exact."""
    n_rows, n_actions = draw(st.integers(1, most_rows)), draw(st.integers(1, 3))
    eighths = st.integers(-4, 8).map(lambda number: number / 8)
    uplift = np.array(draw(st.lists(st.lists(eighths, min_size=n_actions, max_size=n_actions), min_size=n_rows,
        max_size=n_rows)))  # fmt: skip
    value = np.array(draw(st.lists(st.integers(-1, 4), min_size=n_rows, max_size=n_rows)), dtype=np.float64)
    cost = np.array(draw(st.lists(st.integers(0, 4), min_size=n_actions, max_size=n_actions))) / 4
    room = st.one_of(st.just(UNLIMITED), st.integers(0, 3).map(float))
    by_action = tuple(draw(st.lists(room, min_size=n_actions, max_size=n_actions)))
    money = draw(st.one_of(st.just(UNLIMITED), st.integers(0, 12).map(lambda number: number / 4)))
    may = np.array(draw(st.lists(st.sampled_from([True, True, True, False]), min_size=n_rows, max_size=n_rows)))
    return uplift, value, cost, Limits(draw(st.integers(0, n_rows)), by_action, money), may


@thorough
@given(campaign=campaigns())
def test_no_other_choice_within_the_limits_promises_more(
    campaign: tuple[Numbers, Numbers, Numbers, Limits, Mask],
) -> None:
    uplift, value, cost, limits, may = campaign
    choice = choose(uplift=uplift, value=value, cost=cost, limits=limits, ids=np.arange(value.size), may_contact=may)
    assert is_within(choice, cost, limits)
    assert not (choice[~may | (value < 0)] != NOBODY).any()
    options = [
        range(-1, cost.size) if free and worth >= 0 else [NOBODY] for free, worth in zip(may, value, strict=True)
    ]
    net_value = np.column_stack([np.zeros(value.size), value[:, None] * uplift - cost])
    every = np.array(list(product(*options)))
    numbers = np.stack([(every == action).sum(axis=1) for action in range(cost.size)], axis=1)
    allowed = (numbers.sum(axis=1) <= limits.contacts) & (numbers <= limits.by_action).all(axis=1)
    allowed &= numbers @ cost <= limits.money
    best = net_value[np.arange(value.size), every + 1].sum(axis=1)[allowed].max()
    assert predicted(choice, uplift, value, cost) == best


@small
@given(campaign=campaigns(most_rows=12), seed=st.integers(0, 99))
def test_an_action_that_a_customer_refuses_is_as_one_that_does_harm(
    campaign: tuple[Numbers, Numbers, Numbers, Limits, Mask], seed: int
) -> None:
    uplift, value, cost, limits, may = campaign
    open_to = may[:, None] & (np.random.default_rng(seed).random(uplift.shape) < 0.7)
    terms = {"value": value, "cost": cost, "limits": limits}
    choice = choose(uplift=uplift, **terms, ids=np.arange(value.size), may_contact=open_to)
    harmful = choose(uplift=np.where(open_to, uplift, -1.0), **terms, ids=np.arange(value.size))
    assert choice.tolist() == harmful.tolist()
    because = not_contacted_because(choice, uplift=uplift, **terms, barred={}, open_to=open_to)
    gains = (value[:, None] * uplift - cost > 0) & (value >= 0)[:, None]
    only_refused = (choice == NOBODY) & gains.any(axis=1) & ~(gains & open_to).any(axis=1)
    assert ((because == "opted out") == only_refused).all()


@small
@given(campaign=campaigns(most_rows=12), seed=st.integers(0, 99))
def test_the_order_of_rows_changes_nothing(campaign: tuple[Numbers, Numbers, Numbers, Limits, Mask], seed: int) -> None:
    uplift, value, cost, limits, may = campaign
    order, ids = np.random.default_rng(seed).permutation(value.size), np.array([f"c{n:02d}" for n in range(value.size)])
    choice = choose(uplift=uplift, value=value, cost=cost, limits=limits, ids=ids, may_contact=may)
    turned = choose(
        uplift=uplift[order], value=value[order], cost=cost, limits=limits, ids=ids[order], may_contact=may[order]
    )
    assert turned.tolist() == choice[order].tolist()


@small
@given(campaign=campaigns(most_rows=12))
def test_of_an_equal_promise_the_smaller_id_is_contacted(
    campaign: tuple[Numbers, Numbers, Numbers, Limits, Mask],
) -> None:
    uplift, value, cost, limits, may = campaign
    choice = choose(uplift=uplift, value=value, cost=cost, limits=limits, ids=np.arange(value.size), may_contact=may)
    net_value = policy.net_values(uplift, value=value, cost=cost, may_contact=may)
    for chosen in np.flatnonzero(choice != NOBODY):
        for passed in np.flatnonzero(choice[:chosen] == NOBODY):
            same_action = net_value[passed, choice[chosen]] == net_value[chosen, choice[chosen]]
            same_best = net_value[passed].max() == net_value[chosen].max()
            assert not (same_best if limits.only_contacts else same_action)


@pytest.mark.parametrize("limits", [Limits(3, (UNLIMITED,)), Limits(8, (3.0,)), Limits(8, (UNLIMITED,), 3.5)])
@small
@given(order=st.permutations(range(8)))
def test_equal_customers_are_contacted_by_id_whatever_limits(order: list[int], limits: Limits) -> None:
    ids = np.array([f"customer {number}" for number in range(8)])
    choice = choose(uplift=np.full((8, 1), 0.5), value=np.full(8, 4.0), cost=np.ones(1), ids=ids[order], limits=limits)
    assert sorted(ids[order][choice == 0]) == ids[:3].tolist()


def test_a_contact_that_earns_nothing_is_not_made() -> None:
    for limits in (Limits(2, (UNLIMITED,)), Limits(2, (2.0,))):
        choice = choose(
            uplift=np.array([[0.1], [0.2]]),
            value=np.array([10.0, 0]),
            cost=np.array([1.0]),
            limits=limits,
            ids=np.arange(2),
        )
        assert choice.tolist() == [NOBODY, NOBODY]


def test_nobody_on_the_list_is_nobody_contacted() -> None:
    for limits in (at_most(0), at_most(0, 1, 1)):
        assert choose(uplift=np.empty((0, 2)), value=np.empty(0), cost=COST, limits=limits, ids=np.empty(0)).size == 0


def test_what_does_not_fit_is_refused() -> None:
    terms = {"uplift": UPLIFT, "value": VALUE, "cost": COST, "limits": at_most(2), "ids": IDS}
    for change, words in (
        ({"limits": at_most(2, 1)}, "does not fit"),
        ({"cost": COST[:1]}, "does not fit"),
        ({"uplift": UPLIFT * np.nan}, "missing"),
    ):
        with pytest.raises(MetricError, match=words):
            choose(**(terms | change))  # type: ignore[arg-type]


@thorough
@given(campaign=campaigns())
def test_whoever_is_passed_over_is_told_what_truly_stood_in_the_way(
    campaign: tuple[Numbers, Numbers, Numbers, Limits, Mask],
) -> None:
    uplift, value, cost, limits, may = campaign
    terms = {"uplift": uplift, "value": value, "cost": cost, "limits": limits}
    choice = choose(**terms, ids=np.arange(value.size), may_contact=may)
    because = not_contacted_because(choice, **terms, barred={"opted out": ~may})
    net_value, numbers = value[:, None] * uplift - cost, policy.contacts_by_action(choice, cost.size)
    no_room = [limits.by_action[action] < numbers[action] + 1 for action in range(cost.size)]
    for row, reason in enumerate(because):
        wanted = [a for a in range(cost.size) if net_value[row, a] > 0] if value[row] >= 0 else []
        if choice[row] != NOBODY or not wanted:
            assert reason == "none"
        elif not may[row]:
            assert reason == "opted out"
        elif all(no_room[action] for action in wanted):
            assert reason == "capacity full"
        else:
            assert reason == "budget spent"
            left = limits.money - cost @ numbers
            spent = contacts(choice) == limits.contacts
            assert spent or all(no_room[action] or cost[action] > left for action in wanted)


def test_what_a_choice_earned_row_by_row() -> None:
    gamma = np.array([[1.0, -2.0], [0.5, 3.0], [0.0, -1.0]])
    terms = {"gamma": gamma, "value": np.array([10.0, 20.0, 30.0]), "cost": np.array([1.0, 2.0])}
    assert realised(np.array([1, 0, NOBODY]), **terms).tolist() == [-22, 9, 0]
    assert realised(nobody(3), **terms).tolist() == [0, 0, 0]
