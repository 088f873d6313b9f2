"""Episodes: the laws, a plain loop as an oracle, and cases by hand."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.alerts import episodes
from experiments.logic.truth import FALSE, TRUE, UNKNOWN

ONE = st.sampled_from([TRUE, UNKNOWN, FALSE])
STEPS = st.lists(ONE, min_size=1, max_size=30)
DAY = 24.0


def _played(found: list[float], *, delay: float = 0, quiet: float = 0) -> list[bool]:
    times = DAY * np.arange(len(found))
    fires = episodes.played(times, np.array(found)[:, None], delay_hours=delay * DAY, quiet_hours=quiet * DAY)
    return [bool(one) for one in fires[:, 0]]


def _plain(found: list[float], *, delay: float, quiet: float) -> list[bool]:
    """One customer, day by day."""
    since, fired, last, fires = None, False, -math.inf, []
    for day, one in enumerate(found):
        if one == FALSE:
            since = None
        elif one == TRUE and since is None:
            since, fired = day, False
        now = one == TRUE and not fired and day - (since or 0) >= delay and day - last >= quiet
        fired, last = fired or now, day if now else last
        fires.append(now)
    return fires


@given(STEPS, st.integers(0, 4), st.integers(0, 6))
def test_as_a_plain_loop_over_one_customer(found: list[float], delay: int, quiet: int) -> None:
    assert _played(found, delay=delay, quiet=quiet) == _plain(found, delay=delay, quiet=quiet)


@given(STEPS)
def test_it_fires_when_true_only_and_between_two_warnings_it_was_false(found: list[float]) -> None:
    fires = _played(found)
    days = [day for day, fired in enumerate(fires) if fired]
    assert all(found[day] == TRUE for day in days)
    assert all(FALSE in found[one:other] for one, other in pairwise(days))


@given(STEPS)
def test_without_delay_and_quiet_unknown_is_as_if_nobody_had_looked(found: list[float]) -> None:
    looked = [one for one in found if one != UNKNOWN]
    fires = [fired for one, fired in zip(found, _played(found), strict=True) if one != UNKNOWN]
    assert fires == (_played(looked) if looked else [])


@pytest.mark.parametrize(
    ("found", "fires"),
    [
        ([TRUE, TRUE, TRUE], [True, False, False]),
        ([TRUE, FALSE, TRUE], [True, False, True]),
        ([TRUE, UNKNOWN, TRUE], [True, False, False]),
        ([UNKNOWN, UNKNOWN], [False, False]),
    ],
)
def test_by_hand(found: list[float], fires: list[bool]) -> None:
    assert _played(found) == fires


def test_after_a_delay_it_must_still_hold() -> None:
    assert _played([TRUE, TRUE, FALSE, TRUE, TRUE, TRUE], delay=2) == [False] * 5 + [True]


def test_what_begins_in_a_quiet_period_is_said_at_its_end_if_it_lasts() -> None:
    assert _played([TRUE, FALSE, TRUE, TRUE, TRUE], quiet=4) == [True, False, False, False, True]
    assert _played([TRUE, FALSE, TRUE, FALSE, FALSE], quiet=4) == [True] + [False] * 4


@given(
    st.integers(1, 20).flatmap(
        lambda size: st.lists(st.lists(ONE, min_size=size, max_size=size), min_size=2, max_size=4)
    )
)
def test_customers_do_not_touch_each_other(some: list[list[float]]) -> None:
    together = episodes.played(DAY * np.arange(len(some[0])), np.array(some).T)
    assert [[bool(one) for one in column] for column in together.T] == [_played(one) for one in some]
