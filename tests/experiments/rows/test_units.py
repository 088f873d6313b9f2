"""Units: a customer counts once for each stretch of time that was looked at."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from experiments.rows.units import KEPT_CUSTOMERS, Window, newly_seen, rate_for, unseen, windows_of
from experiments.sections.label import LabelSpec

LABEL = LabelSpec(kind="cancelled", lead_time_days=14, horizon_days=60)
UNDATED = LabelSpec(kind="column")


def rows(customers: range, *dates: str) -> pd.DataFrame:
    moments = pd.to_datetime(list(dates)) if dates else [pd.NaT]
    return pd.concat([pd.DataFrame({"customer_id": [f"c{n}" for n in customers], "as_of": at}) for at in moments])


def windows(customers: range, *dates: str, label: LabelSpec = LABEL, rate: float = 1.0) -> tuple[Window, ...]:
    return windows_of(rows(customers, *dates), label, rate=rate)


def by_definition(judged: tuple[Window, ...], seen: tuple[Window, ...]) -> float:
    """Day by day and customer by customer."""
    looked, total = set(), 0.0

    def days(window: Window) -> list[tuple[int, datetime]]:
        span = (window.closes - window.opens).days
        return [(int(c), window.opens + timedelta(days=d)) for c in window.customers for d in range(span)]

    for window in seen:
        looked.update(days(window))
    for window in judged:
        new = [one for one in days(window) if one not in looked]
        total += len(new) / (window.closes - window.opens).days
        looked.update(new)
    return total


@pytest.mark.parametrize(
    ("judged", "seen", "expected"),
    [
        (windows(range(10), "2026-01-01"), (), 10),
        (windows(range(10), "2026-01-01"), windows(range(10), "2026-01-01"), 0),
        (windows(range(10), "2026-01-01"), windows(range(1, 10), "2026-01-01"), 1),
        # Thirty of sixty days were seen.
        (windows(range(10), "2026-01-31"), windows(range(10), "2026-01-01"), 5),
        # Two dates of one cohort share half a window.
        (windows(range(10), "2026-01-01", "2026-01-31"), (), 15),
        (windows(range(10), "2026-03-02"), windows(range(10), "2026-01-01"), 10),
    ],
)
def test_a_unit_counts_by_the_part_of_its_window_that_was_not_seen(
    judged: tuple[Window, ...], seen: tuple[Window, ...], expected: float
) -> None:
    assert unseen(judged, seen) == pytest.approx(expected)
    assert by_definition(judged, seen) == pytest.approx(expected)


def test_on_any_dates_it_is_what_counting_days_gives() -> None:
    rng = np.random.default_rng(2)
    for _ in range(40):
        sets = []
        for _ in range(2):
            dates = [str(pd.Timestamp("2026-01-01") + pd.Timedelta(days=int(d)))[:10] for d in rng.integers(0, 200, 3)]
            first = int(rng.integers(0, 6))
            sets.append(windows(range(first, first + 6), *sorted(set(dates))))
        assert unseen(*sets) == pytest.approx(by_definition(*sets))


def test_rows_without_dates_are_seen_for_all_time() -> None:
    first = windows(range(20), label=UNDATED)
    assert unseen(first, ()) == 20
    assert unseen(windows(range(25), label=UNDATED), first) == 5


def test_a_corrected_label_is_nothing_new_and_a_row_less_neither() -> None:
    first = windows(range(50), "2026-01-01")
    assert unseen(windows(range(49), "2026-01-01"), first) == 0
    assert not newly_seen(windows(range(49), "2026-01-01"), first)


def test_what_is_written_down_is_read_back_and_is_all_that_was_new() -> None:
    first = windows(range(30), "2026-01-01")
    second = windows(range(40), "2026-01-01", "2026-02-01")
    new = newly_seen(second, first)
    assert tuple(Window.from_dict(one.to_dict()).to_dict() for one in new) == tuple(one.to_dict() for one in new)
    assert unseen(second, [*first, *new]) == 0
    assert sum(one.customers.size for one in new) == 10 + 40


def test_many_customers_are_told_by_some_of_them() -> None:
    rate = rate_for(200_000)
    before, after = (windows(range(n), "2026-01-01", rate=rate) for n in (200_000, 240_000))
    assert KEPT_CUSTOMERS * 0.9 < before[0].customers.size < KEPT_CUSTOMERS * 1.1
    assert unseen(after, before) / unseen(before, ()) == pytest.approx(0.2, abs=0.03)
    assert rate_for(100) == 1
