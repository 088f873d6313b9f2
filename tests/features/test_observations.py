"""The arm at the observation: the first assigned, whatever the order of rows, by the last version of each."""

from datetime import datetime, timedelta
from itertools import permutations

import ibis
import pyarrow as pa
import pytest

from features.hindsight import Hindsight
from features.label import LabelWindow
from features.observations import treatments_at
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
