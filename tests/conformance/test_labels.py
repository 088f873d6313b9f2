"""What every label must do, and what a window counts."""

from datetime import datetime, timedelta

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import labels
from features.label import Label, LabelWindow
from features.observations import outcomes
from features.plugins import discover, names

LABELS = discover(labels, Label)
AS_OF = datetime(2024, 7, 1)
WINDOW = LabelWindow.after(AS_OF, lead_time_days=14, horizon_days=60)


def test_a_label_is_named_after_its_file_and_says_what_it_is() -> None:
    assert list(LABELS) == names(labels)
    assert all(label.meaning for label in LABELS.values())


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 200 * 24))
def test_a_moment_is_in_the_gap_or_in_the_window_or_in_neither_but_never_in_two(hours: int) -> None:
    moment = AS_OF + timedelta(hours=hours)
    happened = ibis.memtable(pa.table({"customer_id": ["a"], "happened_at": pa.array([moment], pa.timestamp("us"))}))
    [found] = outcomes(happened, WINDOW).to_pyarrow().to_pylist()
    assert found["in_gap"] == (hours <= 14 * 24)
    assert found["churned"] == (14 * 24 < hours <= 74 * 24)


def test_a_window_is_mature_on_the_very_day_that_it_closes() -> None:
    assert WINDOW.is_mature(WINDOW.closes)
    assert not WINDOW.is_mature(WINDOW.closes - timedelta(microseconds=1))


def contracts(*rows: tuple[str, str, int, int | None]) -> dict[str, ibis.Table]:
    """Contracts as (customer, contract, day on which the row was known, day of the end)."""
    day = lambda n: None if n is None else AS_OF + timedelta(days=n)  # noqa: E731
    plain = {
        "customer_id": [row[0] for row in rows],
        "contract_id": [row[1] for row in rows],
        "known_at": pa.array([day(row[2]) for row in rows], pa.timestamp("us")),
        "starts_at": pa.array([day(row[4] if len(row) > 4 else -100) for row in rows], pa.timestamp("us")),
        "ended_at": pa.array([day(row[3]) for row in rows], pa.timestamp("us")),
    }
    return {"contracts": ibis.memtable(pa.table(plain))}


def left(tables: dict[str, ibis.Table]) -> dict[str, datetime]:
    happened_at = LABELS["cancelled"].happened_at
    assert happened_at is not None
    return {row["customer_id"]: row["happened_at"] for row in happened_at(tables, WINDOW).to_pyarrow().to_pylist()}


@pytest.mark.parametrize(
    ("rows", "day"),
    [
        ([("a", "1", 0, None)], None),
        ([("a", "1", 0, None), ("a", "1", 20, 20)], 20),
        ([("a", "1", 0, 20), ("a", "2", 0, None)], None),
        ([("a", "1", 0, 20), ("a", "2", 0, 30)], 30),
        ([("a", "1", 0, 20), ("a", "1", 5, None)], None),
        ([("a", "1", 0, 20), ("a", "1", 5, 25)], 25),
        ([("a", "1", 0, 20), ("a", "2", 90, None, 90)], 20),
    ],
    ids=[
        "running",
        "ended",
        "one of two ended",
        "the last of two",
        "the end was taken back",
        "the end was corrected",
        "came back after the window",
    ],
)
def test_a_customer_has_cancelled_when_the_last_contract_ended(rows: list, day: int | None) -> None:
    assert left(contracts(*rows)) == ({} if day is None else {"a": AS_OF + timedelta(days=day)})
