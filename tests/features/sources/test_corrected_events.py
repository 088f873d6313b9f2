"""Corrections of single events: a later row of a key takes the earlier one's place; without a key they are refused."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import DataError
from features.hindsight import Hindsight
from features.history import History
from features.source import Part, Reconciled
from features.sources.event_log import SOURCE, EventLogOptions
from tests.features.sources.memory import MemoryRaw

START = datetime(2024, 1, 1)
NAMES = "id,who,happened,known,what,did,long"
USE = {
    "usage_id": "id",
    "customer_id": "who",
    "event_at": "happened",
    "known_at": "known",
    "kind": "what",
    "actions": "did",
    "minutes": "long",
}
# A key, the step at which the event happened, how much later this version was known, what, how often, how long.
VERSIONS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.integers(0, 70),
        st.integers(0, 60),
        st.sampled_from("xy"),
        st.integers(0, 3),
        st.integers(0, 9),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda one: (one[0], 9 * one[1] + 7 * one[2]),
)


def table(rows: list[tuple[Any, ...]], names: str = NAMES) -> pa.Table:
    cells = zip(*rows, strict=True)
    return pa.table(
        {
            name: pa.array([str(cell) for cell in of], pa.string())
            for name, of in zip(names.split(","), cells, strict=True)
        }
    )


def read(rows: pa.Table, tables: Mapping[str, Any]) -> tuple[Hindsight, Reconciled]:
    """The tables of an event log and what was counted of its usage, or of the last table."""
    of = EventLogOptions.model_validate({"kind": "event_log", "time_zone": "UTC", "tables": tables})
    found: dict[str, list[pa.Table]] = {}
    counts = None
    for one in SOURCE.read(MemoryRaw({"a.csv": rows}), of):
        if isinstance(one, Part):
            found.setdefault(one.table, []).append(one.rows)
        elif isinstance(one, Reconciled):
            counts = one
    assert counts is not None
    whole = {name: ibis.memtable(pa.concat_tables(parts)) for name, parts in found.items()}
    return Hindsight(whole, SOURCE.declare(of)), counts


@settings(max_examples=40, deadline=None)
@given(VERSIONS)
def test_a_day_of_use_holds_at_any_date_the_versions_that_stood_then(versions: list[Any]) -> None:
    """The oracle counts, at each date, of every key the version known last; a day of which nothing is left is none."""
    rows = [
        (
            f"k{k}",
            f"c{k % 2}",
            START + timedelta(hours=9 * at),
            START + timedelta(hours=9 * at + 7 * late),
            what,
            did,
            long,
        )
        for k, at, late, what, did, long in versions
    ]
    today, counts = read(table(rows), {"usage": {"files": "*.csv", "columns": USE}})
    assert counts.adds_up
    for as_of in (START + timedelta(days=days) for days in (1, 3, 9, 20, 60)):
        usage = History(today, as_of=as_of, look_back_days=400).usage.to_pyarrow().to_pylist()
        assert days_of(usage) == standing(rows, as_of)
    assert days_of(today.latest("usage").to_pyarrow().to_pylist()) == standing(rows, START + timedelta(days=999))


def hours(number: int) -> datetime:
    return START + timedelta(hours=number)


def days_of(usage: list[dict[str, Any]]) -> dict[Any, Any]:
    return {
        (row["customer_id"], row["event_at"]): (row["actions"], float(row["minutes"]), row["kinds"]) for row in usage
    }


def standing(rows: list[tuple[Any, ...]], as_of: datetime) -> dict[Any, Any]:
    last: dict[str, tuple[Any, ...]] = {}
    for row in sorted(rows, key=lambda row: row[3]):
        if row[3] < as_of:
            last[row[0]] = row
    days: dict[Any, list[Any]] = {}
    for _, who, happened, _, what, did, long in last.values():
        days.setdefault((who, happened.replace(hour=0)), []).append((did, long, what))
    return {
        day: (sum(one[0] for one in of), sum(one[1] for one in of), len({one[2] for one in of}))
        for day, of in days.items()
        if day[1] < as_of
    }


KEYED = [("k", "c", "2024-01-05 10:00", "2024-01-05 11:00", "x", 2, 1)]
PAYMENTS = {"customer_id": "who", "event_at": "happened", "known_at": "known", "kind": "'payment'", "amount": "did"}
CALLS = {"customer_id": "who", "event_at": "happened", "known_at": "known", "channel": "'call'", "complaint": "false"}
ASKED = {"customer_id": "who", "event_at": "happened", "known_at": "known", "touchpoint": "'renewal'", "score": "did"}
GIVEN = {"customer_id": "who", "event_at": "happened", "known_at": "known", "campaign": "'c'", "action": "'call'"}
UNNAMED = {
    "usage": ("usage_id", {key: one for key, one in USE.items() if key != "usage_id"}),
    "transactions": ("transaction_id", PAYMENTS),
    "interactions": ("interaction_id", CALLS),
    "surveys": ("survey_id", ASKED),
    "treatments": ("treatment_id", {**GIVEN, "probability": "0.5"}),
}
TWICE = [*KEYED, ("k", "c", "2024-01-05 10:00", "2024-01-09 11:00", "x", 7, 1)]


@pytest.mark.parametrize("name", UNNAMED)
def test_what_corrects_without_a_key_is_refused_with_the_line_that_takes_either_side(name: str) -> None:
    """Both lines of the message do what it says: one event, or two."""
    key, columns = UNNAMED[name]
    with pytest.raises(DataError, match=rf"source\.tables\.{name}: 2 rows are of the same customer") as refused:
        read(table(TWICE), {name: {"files": "*.csv", "columns": columns}})
    assert f"`{key}: id_column`" in str(refused.value)
    told = str(refused.value).rsplit(f"{key}: ", 1)[1].split("`")[0]
    for expression, size in (("id", 1), (told, 2)):
        today, _ = read(table(TWICE), {name: {"files": "*.csv", "columns": {key: expression, **columns}}})
        found = today.latest(name).to_pyarrow().to_pylist()
        assert (found[0]["actions"] == 7 * (size == 1) + 9 * (size == 2)) if name == "usage" else len(found) == size


def test_rows_without_known_at_correct_nothing_and_late_ones_of_other_moments_are_events() -> None:
    columns = {key: one for key, one in UNNAMED["usage"][1].items() if key != "known_at"}
    today, _ = read(table(TWICE), {"usage": {"files": "*.csv", "columns": columns}})
    assert [row["actions"] for row in today.latest("usage").to_pyarrow().to_pylist()] == [9]
    other = [*KEYED, ("k", "c", "2024-01-05 10:01", "2024-01-09 11:00", "x", 7, 1)]
    today, _ = read(table(other), {"usage": {"files": "*.csv", "columns": UNNAMED["usage"][1]}})
    assert [row["actions"] for row in today.latest("usage").to_pyarrow().to_pylist()] == [9]


@pytest.mark.parametrize(
    ("second", "columns", "words"),
    [
        (("k", "c", "2024-01-06", "2024-01-05 11:00", "x", 2, 1), USE, "usage_id and known_at must be unique together"),
        (
            ("k", "c", "2024-01-06", "2024-01-06 11:00", "x", 2, 1),
            {key: one for key, one in USE.items() if key != "known_at"},
            "usage_id must be unique: a row that corrects another needs its own known_at",
        ),
        (
            ("k", "d", "2024-01-05 10:00", "2024-01-06 11:00", "x", 2, 1),
            USE,
            "customer_id must be the same in all rows",
        ),
    ],
    ids=["two versions of one moment", "no order", "two customers"],
)
def test_versions_that_cannot_be_put_in_order_are_refused(second: tuple, columns: dict, words: str) -> None:
    with pytest.raises(DataError, match=rf"source\.tables\.usage: {words}.*1 keys, such as 'k'"):
        read(table([*KEYED, second]), {"usage": {"files": "*.csv", "columns": columns}})
