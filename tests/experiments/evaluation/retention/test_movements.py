"""Customers at the start, new, returned, lost and at the end: they reconcile, and are those of a brute-force count."""

from itertools import combinations, pairwise

import numpy as np
import pytest

from experiments.evaluation.retention.movements import Movement, movement
from experiments.evaluation.retention.spans import Spans

DAY = np.timedelta64(1, "D")
FIRST = np.datetime64("2024-01-01", "us")

# Customer, first day and last day (None while it runs) of each contract.
Contracts = list[tuple[int, int, int | None]]


def day(number: float) -> np.datetime64:
    return FIRST + np.timedelta64(round(number * 24), "h")


def spans(contracts: Contracts, *, size: int) -> Spans:
    end = [np.datetime64("NaT") if last is None else day(last) for _, _, last in contracts]
    return Spans.joined(
        np.array([who for who, _, _ in contracts], dtype=np.intp),
        np.array([day(first) for _, first, _ in contracts], dtype="datetime64[us]"),
        np.array(end, dtype="datetime64[us]"),
        n_customers=size,
    )


def is_there(contracts: Contracts, who: int, moment: float) -> bool:
    return any(one == who and first < moment and (last is None or last >= moment) for one, first, last in contracts)


def by_brute_force(contracts: Contracts, *, size: int, opens: int, closes: int) -> dict[str, int]:
    """Each customer is looked at every half day; contracts begin and end on whole days."""
    found = dict.fromkeys(("at_start", "new", "returned", "lost", "at_end", "left_and_back", "came_and_went"), 0)
    grid = np.arange(opens + 0.5, closes, 0.5)
    for who in range(size):
        start, end = is_there(contracts, who, opens), is_there(contracts, who, closes)
        earlier = any(is_there(contracts, who, moment) for moment in np.arange(-40, opens, 0.5))
        between = [is_there(contracts, who, moment) for moment in grid]
        found["at_start"] += start
        found["at_end"] += end
        found["lost"] += start and not end
        found["new"] += end and not start and not earlier
        found["returned"] += end and not start and earlier
        found["left_and_back"] += start and end and not all(between)
        found["came_and_went"] += not start and not end and any(between)
    return found


def random_contracts(rng: np.random.Generator, size: int) -> Contracts:
    found: Contracts = []
    for who in range(size):
        for _ in range(rng.integers(0, 4)):
            first = int(rng.integers(-10, 20))
            found.append((who, first, None if rng.random() < 0.25 else first + int(rng.integers(0, 8))))
    return found


@pytest.mark.parametrize("seed", range(12))
def test_every_window_reconciles_and_is_as_counted_by_brute_force(seed: int) -> None:
    rng = np.random.default_rng(seed)
    contracts = random_contracts(rng, 25)
    found = spans(contracts, size=25)
    for opens, closes in combinations(range(-11, 24, 3), 2):
        moved = movement(found, opens=day(opens), closes=day(closes))
        assert moved.reconciles
        expected = by_brute_force(contracts, size=25, opens=opens, closes=closes)
        assert {name: moved.to_dict()[name] for name in expected} == expected


@pytest.mark.parametrize("seed", range(5))
def test_groups_add_up_and_windows_follow_one_another(seed: int) -> None:
    rng = np.random.default_rng(seed)
    found, group = spans(random_contracts(rng, 60), size=60), rng.integers(0, 3, 60)
    days = [-9, -2, 3, 4, 11, 19, 30]
    chain = [movement(found, opens=day(opens), closes=day(closes)) for opens, closes in pairwise(days)]
    whole = movement(found, opens=day(days[0]), closes=day(days[-1]))
    for before, after in pairwise(chain):
        assert before.at_end == after.at_start
    assert sum(one.joinings for one in chain) == whole.joinings
    assert sum(one.leavings for one in chain) == whole.leavings
    parts = [movement(found, opens=day(-2), closes=day(11), among=group == one) for one in range(3)]
    assert all(one.reconciles for one in parts)
    together = movement(found, opens=day(-2), closes=day(11)).to_dict()
    assert {name: sum(one.to_dict()[name] for one in parts) for name in together} == together


def test_two_contracts_are_one_customer_and_the_last_that_ends_is_the_leaving() -> None:
    found = spans([(0, 0, 10), (0, 5, 20), (1, 0, 10), (1, 10, None)], size=2)
    assert movement(found, opens=day(1), closes=day(15)) == Movement(2, 0, 0, 0, 2, 0, 0, 0, 0)
    assert movement(found, opens=day(15), closes=day(25)).lost == 1
    assert found.left_at(day(25))[0] == day(20)
    assert np.isnat(found.left_at(day(25))[1])
    assert np.isnat(found.left_at(day(20))[0])  # what ends at a moment has not ended before it


def test_who_leaves_and_comes_back_is_lost_then_returned_and_in_one_window_neither() -> None:
    found = spans([(0, 0, 10), (0, 15, None)], size=1)
    assert movement(found, opens=day(5), closes=day(12)).lost == 1
    back = movement(found, opens=day(12), closes=day(20))
    assert (back.new, back.returned) == (0, 1)
    both = movement(found, opens=day(5), closes=day(20))
    assert (both.lost, both.new, both.returned, both.left_and_back, both.leavings, both.joinings) == (0, 0, 0, 1, 1, 1)


def test_a_contract_that_begins_or_ends_on_an_edge_changes_something_in_one_window_only() -> None:
    found = spans([(0, 0, None), (1, -5, 0)], size=2)
    before, after = (movement(found, opens=day(one), closes=day(one + 3)) for one in (-3, 0))
    assert (before.new, before.lost, before.at_end) == (0, 0, 1)
    assert (after.new, after.lost, after.at_start, after.at_end) == (1, 1, 1, 1)


@pytest.mark.parametrize(("opens", "closes"), [("2024-01-31", "2024-03-01"), ("2024-02-29", "2025-02-28")])
def test_the_31st_and_the_leap_day_are_days_like_others(opens: str, closes: str) -> None:
    first, last = (np.datetime64(one, "us") for one in (opens, closes))
    start = np.array([first, first - DAY, last, last - DAY], dtype="datetime64[us]")
    end = np.array(["NaT", opens, "NaT", "NaT"], dtype="datetime64[us]")
    moved = movement(Spans.joined(np.arange(4), start, end, n_customers=4), opens=first, closes=last)
    assert (moved.at_start, moved.new, moved.lost, moved.at_end) == (1, 2, 1, 2)
    assert moved.reconciles


def test_what_never_began_or_ended_before_it_began_makes_nobody_a_customer() -> None:
    start = np.array(["NaT", "2024-01-05", "2024-01-05"], dtype="datetime64[us]")
    end = np.array(["2024-02-01", "2024-01-05", "2024-01-02"], dtype="datetime64[us]")
    found = Spans.joined(np.arange(3), start, end, n_customers=3)
    assert found.customer.size == 0
    assert movement(found, opens=day(0), closes=day(9)) == Movement(0, 0, 0, 0, 0, 0, 0, 0, 0)
