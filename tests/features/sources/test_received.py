"""Rows that the service received count as rows of the files would; what cannot count is left out with its reason."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from features.errors import DataError
from features.event_log import arrivals, received
from features.source import Part, ReceivedUntil, Reconciled
from features.sources.event_log import SOURCE, EventLogOptions
from tests.features.sources.memory import MemoryRaw

START = datetime(2024, 1, 1)
PEOPLE = {"customer_id": "customer_id", "event_at": "joined_at", "joined_at": "joined_at", "region": "region"}
CALLS = {
    name: name
    for name in (
        *("interaction_id", "customer_id", "event_at", "known_at", "channel"),
        *("complaint", "handling_minutes", "text", "resolved_at"),
    )
}
TABLES = {
    "customers": {"files": "people.csv", "columns": PEOPLE},
    "interactions": {"files": "calls.csv", "columns": CALLS},
    "usage": {"files": "use.csv", "columns": {"customer_id": "who", "event_at": "day", "known_at": "day"}},
}
USE = pa.table({"who": ["a"], "day": [(START + timedelta(days=30)).isoformat()]})


def at(days: float) -> datetime:
    return START + timedelta(days=days)


def plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as JSON has it."""
    return {k: v.isoformat() if isinstance(v, datetime) else v for k, v in row.items() if v is not None}


def texts(rows: list[Mapping[str, Any]], names: list[str]) -> pa.Table:
    def text(value: Any) -> str | None:
        return None if value is None else value.isoformat() if isinstance(value, datetime) else str(value)

    return pa.table({name: pa.array([text(row.get(name)) for row in rows], pa.string()) for name in names})


def file_of(events: list[tuple[str, datetime, Mapping[str, Any]]]) -> pa.Table:
    """The raw file as `collect` writes it, of (table, known_at, row)."""
    return pa.table(
        {
            "number": pa.array(range(1, len(events) + 1), pa.int64()),
            "table": pa.array([table for table, _, _ in events], pa.string()),
            "key": pa.array([str(n) for n in range(len(events))], pa.string()),
            "known_at": pa.array([known for _, known, _ in events], pa.timestamp("us")),
            "row": pa.array([json.dumps(plain(row)) for _, _, row in events], pa.string()),
            "raw": pa.nulls(len(events), pa.string()),
        }
    )


class Read:
    """The parts of a source by table, its last counts by table, and the last event that is in."""

    def __init__(self, files: Mapping[str, pa.Table], tables: Mapping[str, Any] = TABLES, **options: Any) -> None:
        plain = {"kind": "event_log", "time_zone": "UTC", "tables": tables, "received": True, **options}
        self.of = EventLogOptions.model_validate(plain)
        self.parts: dict[str, dict[str, pa.Table]] = {}
        self.counts: dict[str, Reconciled] = {}
        self.until: list[int] = []
        for found in SOURCE.read(MemoryRaw(files), self.of):
            if isinstance(found, Part):
                self.parts.setdefault(found.table, {})[found.name] = found.rows
            elif isinstance(found, Reconciled):
                assert found.adds_up
                self.counts[found.table] = found
            elif isinstance(found, ReceivedUntil):
                self.until.append(found.number)

    def rows(self, table: str) -> list[dict[str, Any]]:
        whole = pa.concat_tables(self.parts[table].values()).to_pylist()
        return sorted(whole, key=lambda row: (row["customer_id"], row["known_at"], row["event_at"]))

    def dropped(self, table: str) -> dict[str, int]:
        return dict(self.counts[table].dropped)


def people(*joined: tuple[str, float]) -> pa.Table:
    return texts([{"customer_id": who, "joined_at": at(day)} for who, day in joined], list(set(PEOPLE.values())))


def call(who: str, happened: float, name: str = "", **more: Any) -> dict[str, Any]:
    row = {"interaction_id": name or f"{who} {happened}", "customer_id": who, "event_at": at(happened)}
    return {**row, "channel": "call", "complaint": False, **more}


def read(received_: list[tuple[str, float, Mapping[str, Any]]], calls: list[dict[str, Any]], **more: Any) -> Read:
    """The studio of a and b, with calls (known_at among them) in a file and rows received."""
    files = {
        "people.csv": people(("a", 0), ("b", 5)),
        "calls.csv": texts(calls, list(CALLS)),
        "use.csv": USE,
        received.FILE: file_of([(table, at(known), row) for table, known, row in received_]),
    }
    return Read(files, **more)


FIRST = [{**call("a", 1), "known_at": at(1)}]
CALL = st.builds(
    lambda who, day, late, name, words, minutes: {
        **call(who, day, f"{who}{name}", text=words, handling_minutes=minutes),
        "known_at": at(day + late / 7),
    },
    st.sampled_from("ab"),
    st.integers(5, 25),
    st.integers(0, 30),
    st.integers(0, 4),
    st.none() | st.text("aé'\"\\ \n", min_size=1).map(str.strip).map(lambda text: text or None),
    st.none() | st.floats(0, 1e6),
)


@settings(max_examples=6, deadline=None)
@given(
    st.lists(CALL, min_size=1, max_size=8, unique_by=lambda row: (row["interaction_id"], row["known_at"])), st.data()
)
def test_received_rows_are_what_the_same_rows_of_a_file_would_have_been(
    calls: list[dict[str, Any]], data: st.DataObject
) -> None:
    """Also where they correct rows of the files, or one another."""
    tables = {name: TABLES[name] for name in ("customers", "interactions")}
    calls = sorted(calls, key=lambda row: row["known_at"])
    size = data.draw(st.integers(0, len(calls)))
    sent = [("interactions", (row["known_at"] - START) / timedelta(days=1), row) for row in calls[size:]]
    sent = [(table, known, {k: v for k, v in row.items() if k != "known_at"}) for table, known, row in sent]
    apart = read(sent, FIRST + calls[:size], tables=tables, received="complete")
    whole = read([], FIRST + calls, tables=tables)
    assert apart.rows("interactions") == whole.rows("interactions")
    assert apart.parts["customers"] == whole.parts["customers"]
    assert apart.until == [len(calls) - size]
    assert apart.counts["interactions"].kept == 1 + len(calls)


def test_parts_of_files_stay_what_they_were_and_received_ones_are_by_month() -> None:
    sent = [
        ("interactions", 20, call("a", 20)),
        ("usage", 29.5, {"customer_id": "b", "event_at": at(29), "actions": 3}),
    ]
    found, without = read(sent, FIRST), read([], FIRST)
    for table, parts in without.parts.items():
        assert {name: rows for name, rows in found.parts[table].items() if name in parts} == parts
    assert sorted(found.parts["interactions"]) == ["2024-01", "received-2024-01"]
    (used,) = found.parts["usage"]["received-2024-01"].to_pylist()
    assert (used["event_at"], used["known_at"], used["actions"], used["minutes"]) == (at(29), at(29.5), 3, None)
    assert found.counts["usage"].read[received.FILE] == 1


def test_what_cannot_count_is_left_out_with_its_reason() -> None:
    sent = [
        ("interactions", 10, call("a", 9, "kept")),
        ("interactions", 11, call("nobody", 9)),
        ("interactions", 12, call("b", 4)),
        ("interactions", 13, call("b", 9, FIRST[0]["interaction_id"])),
        ("interactions", 14, call("b", 9, "kept")),
        ("customers", 15, {"customer_id": "c", "event_at": at(8), "joined_at": at(8)}),
        ("interactions", 16, call("c", 9)),
        ("interactions", 17, call("c", 7)),
        ("customers", 18, {"customer_id": "a", "event_at": at(8), "joined_at": at(8)}),
        ("contracts", 19, {"contract_id": "x"}),
        ("interactions", 29, call("a", 29)),
        ("interactions", 31, call("a", 30)),
    ]
    found = read(sent, FIRST)
    assert found.dropped("interactions") == {
        arrivals.UNKNOWN: 1,
        arrivals.TOO_EARLY: 2,
        arrivals.OF_ANOTHER: 2,
        arrivals.LATER: 1,
    }
    assert found.dropped("customers") == {arrivals.JOINED_LATER: 1}
    kept = [row["interaction_id"] for row in found.rows("interactions")]
    assert kept == ["a 1", "kept", "a 29", "c 9"]
    assert found.until == [11]
    same = read([("interactions", 1, call("a", 1))], FIRST)
    assert same.dropped("interactions") == {arrivals.SAME: 1}


def test_data_that_are_received_completely_reach_to_the_last_row_and_a_said_end_holds() -> None:
    sent = [
        ("interactions", 29, call("a", 29)),
        ("interactions", 40, call("a", 39)),
        ("interactions", 50, call("a", 49)),
    ]
    assert [read(sent, FIRST).until, read(sent, FIRST, received="complete").until] == [[1], [3]]
    for how in (True, "complete"):
        assert read(sent, FIRST, received=how, extracted_at=at(40).isoformat()).until == [2]


def test_customers_who_joined_with_their_first_event_joined_with_a_received_one_too() -> None:
    tables = {name: TABLES[name] for name in ("interactions", "usage")}
    sent = [
        ("usage", 29.5, {"customer_id": "new", "event_at": at(29), "actions": 1}),
        ("interactions", 30, call("a", 0.5)),
    ]
    found = read(sent, FIRST, tables=tables)
    joined = [(row["customer_id"], row["joined_at"], row["known_at"]) for row in found.rows("customers")]
    assert joined == [("a", at(1), at(1)), ("a", at(0.5), at(30)), ("new", at(29.5), at(29.5))]
    assert found.dropped("interactions") == {}


def test_where_the_earliest_event_is_the_first_day_a_received_one_moves_it() -> None:
    sent = [
        ("interactions", 10, call("b", 2)),
        ("customers", 12, {"customer_id": "c", "event_at": at(9), "joined_at": at(9)}),
    ]
    found = read(sent, FIRST, before_first_day="earliest")
    assert {row["customer_id"]: row["joined_at"] for row in found.rows("customers")} == {
        "a": at(0),
        "b": at(2),
        "c": at(9),
    }
    assert found.dropped("interactions") == {}


def test_without_the_file_nothing_is_received_and_a_spec_that_takes_none_is_as_before() -> None:
    files = {"people.csv": people(("a", 0)), "calls.csv": texts(FIRST, list(CALLS)), "use.csv": USE}
    none, off = Read(files), Read({**files, received.FILE: USE}, received=False)
    assert (none.until, off.until) == ([0], [])
    assert none.parts == off.parts
    assert received.FILE in SOURCE.wants(none.of)
    assert received.FILE not in SOURCE.wants(off.of)
    tables = {"usage": {"files": "use.csv", "columns": {"customer_id": "who", "event_at": "day"}}}
    corrected = [
        SOURCE.declare(EventLogOptions(kind="event_log", time_zone="UTC", tables=tables, received=how))["usage"]
        for how in (True, False)
    ]
    assert [one.is_corrected for one in corrected] == [True, False]
    with pytest.raises(ValidationError):
        Read(files, received="sometimes")


def test_a_file_that_collect_did_not_write_is_refused() -> None:
    files = {"people.csv": people(("a", 0)), "calls.csv": texts(FIRST, list(CALLS)), "use.csv": USE}
    with pytest.raises(DataError, match="has no column"):
        Read({**files, received.FILE: USE})
    wrong = file_of([("interactions", at(3), call("a", 2))])
    place = wrong.column_names.index("row")
    for text in ("{", "[]", '{"complaint": "yes"}', '{"event_at": "some day"}'):
        with pytest.raises(DataError, match=r"received\.parquet holds rows that are none of interactions"):
            Read({**files, received.FILE: wrong.set_column(place, "row", pa.array([text]))})
