"""Leavers on lists and warnings acted on, by hand."""

import tracemalloc

import numpy as np
import pytest

from experiments.evaluation.retention.early_warning import acted_on, listed

LEFT = np.array(["2025-12-01", "2025-12-01", "2025-12-01", "2025-06-10"], dtype="datetime64[us]")
MADE = np.array(["2024-11-01", "2025-06-01", "2025-11-01"], dtype="datetime64[us]")


def moments(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[us]")


def test_leavers_on_lists_by_hand() -> None:
    # The first stood on the lists of June and November, the second on that of November, the third on one of more than
    # a year before; for the fourth the list of November 2024 was in time, on which somebody else stood.
    who = np.array([0, 0, 1, 2, -1])
    at = moments("2025-06-01", "2025-11-01", "2025-11-01", "2024-11-01", "2024-11-01")
    found = listed(LEFT, who, at, made_at=MADE)
    assert (found.leavers, found.judged, found.found) == (4, 4, 2)
    assert found.ahead is not None
    assert found.ahead.value == 0.25
    assert found.days == pytest.approx((30 + 153 / 4, 30 + 153 / 2, 30 + 3 * 153 / 4))


def test_who_could_not_be_listed_in_time_is_not_judged() -> None:
    found = listed(LEFT, np.array([0]), moments("2025-11-01"), made_at=moments("2025-11-01"))
    assert (found.judged, found.found, found.ahead) == (0, 1, None)
    nobody = listed(LEFT[:0], np.zeros(0, dtype=np.intp), moments(), made_at=MADE)
    assert (nobody.leavers, nobody.ahead, nobody.days) == (0, None, None)


def test_exactly_ninety_days_are_ahead_and_a_list_of_the_day_of_leaving_is_too_late() -> None:
    left = moments("2025-05-01", "2025-05-01")
    at = moments("2025-01-31", "2025-05-01")
    found = listed(left, np.array([0, 1]), at, made_at=at)
    assert found.ahead is not None
    assert (found.ahead.value, found.found) == (0.5, 1)


def some(rng: np.random.Generator, size: int) -> np.ndarray:
    """Moments of two years, many of them at midnight."""
    hours = rng.integers(0, 730, size) * 24 + rng.integers(0, 2, size) * rng.integers(0, 24, size)
    return np.datetime64("2024-01-01", "us") + hours.astype("timedelta64[h]")


@pytest.mark.parametrize("seed", range(6))
def test_who_could_be_listed_is_as_in_a_comparison_with_every_list(seed: int) -> None:
    rng = np.random.default_rng(seed)
    left, made = some(rng, 200), some(rng, (1, 2, 5)[seed % 3])
    left[:2] = made[0] + np.array([90, 365], dtype="timedelta64[D]")
    found = listed(left, np.zeros(0, dtype=np.intp), moments(), made_at=made)
    leads = [[(one - other) / np.timedelta64(1, "D") for other in made] for one in left]
    assert found.judged == sum(any(90 <= lead <= 365 for lead in of) for of in leads)
    assert 2 <= found.judged < 200


def test_memory_does_not_grow_with_leavers_times_lists() -> None:
    """A number for each pair of these would be 128 MB."""
    rng = np.random.default_rng(0)
    left, made = some(rng, 4_000), np.datetime64("2024-01-01", "us") + np.arange(4_000).astype("timedelta64[h]")
    tracemalloc.start()
    listed(left, np.zeros(0, dtype=np.intp), moments(), made_at=made)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4e6


def test_warnings_by_hand() -> None:
    due = moments(*["2025-03-10"] * 6)
    acted = moments("2025-03-09", "2025-03-10", "2025-03-11", "NaT", "NaT", "2025-03-09")
    over = moments("NaT", "NaT", "NaT", "2025-03-08", "2025-03-12", "2025-03-12")
    found = acted_on(due, acted, over, now=np.datetime64("2025-03-20", "us"))
    # In time: the first two and the last. Over before it was due: the fourth. Too late, or never: the others.
    assert (found.raised, found.pending, found.over, found.due) == (6, 0, 1, 5)
    assert found.in_time is not None
    assert found.in_time.value == 0.6
    early = acted_on(due, acted, over, now=np.datetime64("2025-03-09", "us"))
    assert (early.pending, early.over, early.due) == (2, 1, 3)
    none = acted_on(due[:1], acted[3:4], over[:1], now=np.datetime64("2025-03-01", "us"))
    assert (none.pending, none.due, none.in_time) == (1, 0, None)
