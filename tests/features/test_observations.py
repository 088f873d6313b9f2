"""The arm at the observation: the first assigned, whatever the order of rows, by the last version of each."""

from calendar import monthrange
from datetime import date, datetime, timedelta
from itertools import permutations, product

import ibis
import pyarrow as pa
import pytest

from features.hindsight import Hindsight
from features.label import LabelWindow
from features.observations import months_after, observation_dates, treatments_at
from features.tables import CANONICAL

AS_OF = datetime(2024, 7, 1)
WINDOW = LabelWindow.after(AS_OF, lead_time_days=14, horizon_days=30)
TIE = [("t2", 0, 0, "control", 0.5), ("t1", 0, 0, "call", 0.2), ("t3", 5, 5, "coupon", 0.3)]
CORRECTED = [("t1", 0, 0, "call", 0.2), ("t1", 0, 3, "coupon", 0.3), ("t2", 4, 4, "control", 0.5)]
MOVED = [("t1", 0, 0, "call", 0.2), ("t1", -5, 3, "call", 0.2), ("t2", 4, 4, "control", 0.5)]


def arm(rows: list[tuple[str, int, int, str, float]]) -> tuple[str, float]:
    """The arm of the one customer; a treatment is an id, its day, the day it was known, the arm, the probability."""
    day = lambda n: pa.array([AS_OF + timedelta(days=row[n]) for row in rows], pa.timestamp("us"))  # noqa: E731
    plain = {
        "treatment_id": [row[0] for row in rows],
        "customer_id": ["a"] * len(rows),
        "event_at": day(1),
        "known_at": day(2),
        "action": [row[3] for row in rows],
        "probability": [row[4] for row in rows],
    }
    known_today = Hindsight({"treatments": ibis.memtable(pa.table(plain))}, CANONICAL)
    [found] = treatments_at(known_today, WINDOW).to_pyarrow().to_pylist()
    return found["arm"], found["probability"]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [(TIE, ("call", 0.2)), (CORRECTED, ("coupon", 0.3)), (MOVED, ("control", 0.5))],
    ids=["two of one moment", "the arm was corrected", "the day was corrected"],
)
def test_the_first_arm_counts_by_its_last_version_in_any_order_of_rows(rows: list, expected: tuple[str, float]) -> None:
    assert {arm(list(order)) for order in permutations(rows)} == {expected}


@pytest.mark.parametrize("day", [1, 28, 29, 30, 31])
@pytest.mark.parametrize("step", [1, 2, 3, 5, 12, 25])
def test_every_date_is_counted_from_the_first(day: int, step: int) -> None:
    """Of each month the same day, or the last of one that has no such day; none is left out, none comes twice."""
    for year, month in product((2023, 2024), range(1, 13)):
        if day > monthrange(year, month)[1]:
            continue
        first, end = date(year, month, day), datetime(year + 6, 1, 1)
        found = observation_dates(first, every_months=step, data_end=end)
        assert found[0] == datetime(year, month, day)
        for number, moment in enumerate(found):
            assert (moment.year * 12 + moment.month) - (year * 12 + month) == number * step
            assert moment.day == min(day, monthrange(moment.year, moment.month)[1])
            assert moment.time() == datetime.min.time()
        assert months_after(first, len(found) * step) > end


def test_the_ends_of_the_months_of_a_leap_year() -> None:
    found = observation_dates(date(2024, 1, 31), every_months=1, data_end=datetime(2024, 5, 31))
    assert [f"{moment:%d.%m.}" for moment in found] == ["31.01.", "29.02.", "31.03.", "30.04.", "31.05."]
    assert observation_dates(date(2024, 1, 31), every_months=1, data_end=datetime(2024, 1, 30)) == []
