"""What somebody sends is held to its table, and what passes is kept as the batch would have it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import DataError
from features.tables import CANONICAL
from pipelines.outreach.operations.received_events import Event, Received
from pipelines.outreach.received_rows import arrow_rows, before_joined, checked

NOW = datetime(2026, 3, 10, 12, 0)
CALL = {
    "interaction_id": "i1",
    "customer_id": "客户 7",
    "event_at": "2026-03-10T11:00:00",
    "channel": "call",
    "complaint": True,
}
TREATED = {
    "treatment_id": "t1",
    "customer_id": "c1",
    "event_at": "2026-03-01",
    "campaign": "spring",
    "action": "call",
    "probability": 0.5,
}


def kept(table: str, row: Mapping[str, Any], now: datetime = NOW, zone: str = "Europe/Berlin") -> dict[str, Any]:
    return checked(CANONICAL, table, row, now=now, time_zone=zone)


def test_a_row_keeps_what_it_says_and_nothing_that_is_missing() -> None:
    assert kept("interactions", {**CALL, "topic": None, "text": "  ", "customer_id": " 客户 7 "}) == CALL
    assert kept("interactions", kept("interactions", CALL)) == CALL


def test_times_are_the_companys_and_a_day_of_use_is_a_day() -> None:
    assert kept("interactions", {**CALL, "event_at": "2026-03-10T10:00:00.000001Z"})["event_at"] == (
        "2026-03-10T11:00:00.000001"
    )
    used = {"customer_id": "c1", "event_at": "2026-03-09T23:30:00Z", "actions": 3.0, "minutes": 5}
    assert kept("usage", used) == {"customer_id": "c1", "event_at": "2026-03-10T00:00:00", "actions": 3, "minutes": 5.0}


def test_a_clock_that_is_a_little_ahead_is_taken_and_no_more() -> None:
    ahead = {**CALL, "event_at": "2026-03-10T12:04:59"}
    rows = arrow_rows([Received(1, NOW, Event("k", "interactions", "c1", kept("interactions", ahead)))], CANONICAL)
    assert rows["interactions"]["event_at"].to_pylist() == [NOW]
    for late in ("2026-03-10T12:05:01", "2026-03-10T11:05:01Z"):
        with pytest.raises(DataError, match=r"interactions\.event_at must not be in the future"):
            kept("interactions", {**CALL, "event_at": late})
    tomorrow = {"customer_id": "c1", "event_at": "2026-03-11T00:01:00", "actions": 1}
    with pytest.raises(DataError, match="future"):
        kept("usage", tomorrow, now=datetime(2026, 3, 10, 23, 58))


def test_the_hour_that_clocks_show_twice_has_come() -> None:
    second = datetime(2026, 10, 25, 2, 5)
    assert kept("interactions", {**CALL, "event_at": "2026-10-25T02:55:00"}, now=second)
    assert kept("interactions", {**CALL, "event_at": "2026-10-25T02:55:00+02:00"}, now=second)
    with pytest.raises(DataError, match="future"):
        kept("interactions", {**CALL, "event_at": "2026-10-25T02:55:00+01:00"}, now=second)


@pytest.mark.parametrize(
    ("table", "change", "told"),
    [
        ("interactions", {"known_at": "2026-03-10"}, "known_at is set on arrival"),
        ("interactions", {"chanel": "call"}, "no column 'chanel'; the nearest: .*channel"),
        ("interactions", {"channel": "secret"}, "channel must be one of call, chat"),
        ("interactions", {"channel": None}, "channel must not be missing"),
        ("interactions", {"customer_id": "   "}, "customer_id must not be missing"),
        ("interactions", {"customer_id": 7}, "customer_id must be a text"),
        ("interactions", {"interaction_id": "secret" * 40}, "interaction_id has 240 characters; it may have 200"),
        ("interactions", {"text": "secret" * 20_000}, "text has 120,000 characters"),
        ("interactions", {"text": "secret\0"}, "text has characters"),
        ("interactions", {"text": "secret\udc80"}, "text has characters"),
        ("interactions", {"complaint": 1}, "complaint must be true or false"),
        ("interactions", {"event_at": "secret"}, "event_at must be a time"),
        ("interactions", {"event_at": 1_700_000_000}, "event_at must be a time"),
        ("interactions", {"event_at": "1989-12-31"}, "must not be before 1990"),
        ("interactions", {"event_at": "0001-01-01T00:00:00+23:00"}, "event_at must be a time"),
        ("interactions", {"event_at": "2025-03-30T02:30:00"}, "no clock showed"),
        ("interactions", {"resolved_at": "9999-12-31T23:59:59"}, "future"),
        ("interactions", {"sentiment": -1.5}, "sentiment must be at least -1"),
        ("interactions", {"sentiment": float("nan")}, "sentiment must be a number"),
        ("interactions", {"handling_minutes": 1e13}, "at most 999999999999 in size"),
        ("interactions", {"handling_minutes": 1e12}, "at most 999999999999 in size"),
        ("interactions", {"handling_minutes": 10**400}, "in size"),
        ("interactions", {"resolved_at": "2026-03-10T10:59:59"}, "resolved_at must not be before event_at"),
        ("treatments", {"probability": 0}, "probability must be above 0"),
        ("treatments", {"probabilities": "secret"}, "probabilities must be JSON"),
        ("treatments", {"probabilities": '{"call": 0.4, "control": 0.6}'}, "probabilities must be JSON"),
        ("treatments", {"probabilities": '{"call": 0.5, "control": 1e400}'}, "probabilities must be JSON"),
        ("contracts", {}, "no column"),
        ("nothing", {}, "maps no table 'nothing'"),
    ],
)
def test_what_the_batch_would_refuse_is_refused_without_a_value(
    table: str, change: Mapping[str, Any], told: str
) -> None:
    with pytest.raises(DataError, match=told) as error:
        kept(table, {**(TREATED if table == "treatments" else CALL), **change})
    assert "\n" not in str(error.value)
    assert "secret" not in str(error.value)


def test_distributions_that_are_ones_and_plans_that_lie_ahead_are_taken() -> None:
    assert kept("treatments", {**TREATED, "probabilities": '{"call": 0.5, "control": 0.5}'})
    contract = {"contract_id": "k", "customer_id": "c1", "event_at": "2026-03-01", "plan": "gold", "price": 5}
    contract |= {"starts_at": "2026-03-01", "renews_at": "2030-03-01"}
    rows = arrow_rows([Received(1, NOW, Event("k", "contracts", "c1", kept("contracts", contract)))], CANONICAL)
    assert rows["contracts"]["renews_at"].to_pylist() == [datetime(2030, 3, 1)]
    with pytest.raises(DataError, match="over 20 years ahead"):
        kept("contracts", {**contract, "renews_at": "2047-03-01"})


def test_what_happened_before_the_customer_joined_is_told() -> None:
    table, joined = CANONICAL["interactions"], datetime(2026, 3, 10, 15)
    assert not before_joined(table, kept("interactions", CALL), joined)
    assert not before_joined(table, kept("interactions", CALL), None)
    assert before_joined(table, kept("interactions", CALL), joined + timedelta(days=1))


ROWS = st.builds(
    lambda at, number, text: {
        **CALL,
        "event_at": at.isoformat(),
        "handling_minutes": number,
        "text": text,
    },
    st.datetimes(datetime(1990, 1, 1), NOW),
    st.none() | st.floats(0, 1e12) | st.integers(0, 10**12),
    st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
)


@given(st.lists(ROWS, max_size=4))
def test_what_passes_comes_back_from_arrow_as_it_was_kept(rows: list[dict[str, Any]]) -> None:
    passed = [kept("interactions", row, zone="UTC") for row in rows]
    known = [NOW + timedelta(microseconds=number) for number in range(len(rows))]
    events = [
        Received(n, at, Event(str(n), "interactions", "c", row))
        for n, (at, row) in enumerate(zip(known, passed, strict=True))
    ]
    found = arrow_rows(events, CANONICAL)
    assert set(found) == ({"interactions"} if rows else set())
    for table in found.values():
        declared = CANONICAL["interactions"]
        assert table.schema == pa.schema([(one.name, pa.type_for_alias(one.arrow_type)) for one in declared.columns])
        for row, back, at in zip(passed, table.to_pylist(), known, strict=True):
            assert back.pop("known_at") == at
            plain = {k: v.isoformat() if isinstance(v, datetime) else v for k, v in back.items() if v is not None}
            assert plain == row
