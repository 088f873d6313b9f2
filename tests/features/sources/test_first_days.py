"""Rows from before a customer's first day: refused later, set aside, or what the first day is."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from features.source import Part, Reconciled, Unmapped
from features.sources.event_log import SOURCE, EventLogOptions
from tests.features.sources.memory import MemoryRaw

START = datetime(2024, 1, 1)
PEOPLE = {"customer_id": "id", "event_at": "since", "known_at": "told", "joined_at": "since", "region": "place"}
PAYMENTS = {"customer_id": "who", "event_at": "day", "known_at": "known", "kind": "'payment'", "amount": "5"}
USE = {"customer_id": "who", "event_at": "day", "known_at": "known", "usage_id": "n"}


def table(names: str, rows: list[tuple[Any, ...]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(names.split(","))
    texts = [pa.array([None if cell is None else str(cell) for cell in column], pa.string()) for column in columns]
    return pa.table(dict(zip(names.split(","), texts, strict=True)))


def read(people: list[Any], events: list[Any], **changes: Any) -> tuple[Mapping[str, list[dict]], dict, dict]:
    tables = {
        "customers": {"files": "people.csv", "columns": PEOPLE},
        "transactions": {"files": "events.csv", "columns": {**PAYMENTS, "transaction_id": "n"}},
        "usage": {"files": "events.csv", "columns": USE},
    }
    plain = {"kind": "event_log", "time_zone": "UTC", "refuse_unmapped_above": 1.0, "tables": tables, **changes}
    files = {"people.csv": table("id,since,told,place", people), "events.csv": table("n,who,day,known", events)}
    rows: dict[str, list[dict]] = {}
    counts, lost = {}, {}
    for found in SOURCE.read(MemoryRaw(files), EventLogOptions.model_validate(plain)):
        if isinstance(found, Part):
            rows.setdefault(found.table, []).extend(found.rows.to_pylist())
        elif isinstance(found, Reconciled):
            counts[found.table] = found
        elif isinstance(found, Unmapped):
            lost[found.table] = found.rows.read_all().to_pylist()
    return rows, counts, lost


def at(days: int) -> datetime:
    return START + timedelta(days=days, hours=9)


ONE = [("a", at(10), at(10), "north")]


def test_rows_from_before_the_first_day_are_set_aside_with_their_reason_and_those_of_that_day_are_not() -> None:
    events = [("1", "a", at(9), at(9)), ("2", "a", at(10) - timedelta(hours=5), at(10)), ("3", "a", at(11), at(11))]
    rows, counts, lost = read(ONE, events, before_first_day="set_aside")
    assert [row["transaction_id"] for row in rows["transactions"]] == ["2", "3"]
    for name in ("transactions", "usage"):
        assert counts[name].unmapped == {"before the customer's first day": 1}
        assert counts[name].adds_up
        assert [(row["n"], row["who"], row["(reason)"]) for row in lost[name]] == [
            ("1", "a", "before the customer's first day")
        ]
    assert counts["transactions"].unmapped_share == 1 / 3


PERSON = st.tuples(st.sampled_from("ab"), st.integers(0, 40), st.integers(0, 20), st.sampled_from(["north", "south"]))
EVENT = st.tuples(st.sampled_from("ab"), st.integers(0, 60), st.integers(0, 30))


@settings(max_examples=50, deadline=None)
@given(
    st.lists(PERSON, min_size=1, max_size=5, unique_by=lambda one: (one[0], one[1] + one[2])),
    st.lists(EVENT, min_size=1, max_size=8),
)
def test_the_first_day_is_the_earliest_of_all_that_was_known(people: list[Any], events: list[Any]) -> None:
    """The oracle at every date: the last version of the customer by then, and the earliest event known by then."""
    known = {who for who, *_ in people}
    persons = [(who, at(day), at(day + late), place) for who, day, late, place in people]
    happened = [(f"n{n}", who, at(day), at(day + late)) for n, (who, day, late) in enumerate(events) if who in known]
    if not happened:
        return
    rows, _, _ = read(persons, happened, before_first_day="earliest")
    versions = [(row["customer_id"], row["known_at"]) for row in rows["customers"]]
    assert len(set(versions)) == len(versions)
    for as_of in (START + timedelta(days=days) for days in range(0, 95, 7)):
        found = {}
        for row in sorted(rows["customers"], key=lambda row: row["known_at"]):
            if row["known_at"] < as_of:
                found[row["customer_id"]] = (row["joined_at"], row["region"])
        assert found == expected(persons, happened, as_of)


def expected(persons: list[Any], happened: list[Any], as_of: datetime) -> dict[str, Any]:
    found = {}
    for who in {one[0] for one in persons}:
        told = sorted(((known, since, place) for one, since, known, place in persons if one == who and known < as_of))
        events = [day for _, one, day, known in happened if one == who and known < as_of]
        days = [*events, *([told[-1][1]] if told else [])]
        if days:
            found[who] = (min(days), told[-1][2] if told else None)
    return found


def test_strangers_stay_strangers() -> None:
    rows, _, _ = read(ONE, [("1", "b", at(3), at(3)), ("2", "a", at(4), at(4))], before_first_day="earliest")
    assert {row["customer_id"] for row in rows["customers"]} == {"a"}


def test_where_no_mapping_says_when_customers_joined_there_is_nothing_to_say() -> None:
    tables = {"transactions": {"files": "events.csv", "columns": PAYMENTS}}
    with pytest.raises(ValidationError, match="before_first_day: no mapping says when customers joined"):
        EventLogOptions.model_validate(
            {"kind": "event_log", "time_zone": "UTC", "tables": tables, "before_first_day": "earliest"}
        )
