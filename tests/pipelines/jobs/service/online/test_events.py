"""Posted events become rows to keep, each by itself: what is wrong with one says nothing of the others."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pytest

from features.errors import DataError
from features.tables import CANONICAL
from pipelines.jobs.service.mapped_rows import DROPPED, MAPPED, UNMAPPED, Mapped
from pipelines.jobs.service.online import events
from pipelines.jobs.service.online.events import Posted, Reading
from pipelines.jobs.service.web.desk_protocol import Incoming
from pipelines.outreach.operations.received_events import LONGEST_KEY, Kept

NOW = datetime(2026, 3, 1, 12)
CALL = {"interaction_id": "i1", "customer_id": "c1", "event_at": "2026-02-01T09:00:00", "channel": "call"}
CALL |= {"complaint": True}


def mapped(file: str, rows: Sequence[Mapping[str, Any]]) -> list[list[Mapped]]:
    """A spec that reads calls.csv, of each row as many calls as it says; of 0 a filter leaves it out, of -1 none."""
    if file != "calls.csv":
        raise DataError(f"no mapping of the spec reads a file '{file}'.")
    whole = Mapped(MAPPED, "interactions", CALL)
    kinds = {
        0: [Mapped(DROPPED, "interactions", why="the filter 'tests'")],
        -1: [Mapped(UNMAPPED, "usage", why="no day")],
    }
    return [kinds.get(int(row["calls"]), [whole] * int(row["calls"])) for row in rows]


def read(*incoming: Incoming) -> list[Posted]:
    return Reading(CANONICAL, mapped, NOW, "Europe/Berlin").read(incoming)


def of_file(key: str, calls: int) -> Incoming:
    return Incoming(key, None, "calls.csv", {"calls": str(calls)})


def test_each_is_read_by_its_table_or_by_its_file() -> None:
    found = read(
        Incoming("a", "interactions", None, CALL),
        of_file("b", 3),
        Incoming("c", "interactions", None, {**CALL, "channel": "pigeon"}),
        of_file("d", 0),
        of_file("e", -1),
        Incoming("f", None, "other.csv", {}),
        Incoming("g", None, None, {}),
        Incoming("h", "interactions", "calls.csv", CALL),
    )
    assert [[event.key for event in one.events] for one in found] == [
        ["a"],
        ["b", "b#2", "b#3"],
        [],
        [],
        [],
        [],
        [],
        [],
    ]
    assert [one.state for one in found[2:]] == ["refused", "dropped", *["refused"] * 4]
    assert all(one.why for one in found[2:])
    assert {event.raw["row"]["calls"] for event in found[1].events if event.raw} == {"3"}


def test_a_key_too_long_for_the_rows_that_a_mapping_makes_is_refused_alone() -> None:
    long = "k" * LONGEST_KEY
    found = read(of_file(long, 1), of_file(long, 2), of_file("short", 2))
    assert [len(one.events) for one in found] == [1, 0, 2]
    assert "key" in found[1].why


def row_of(who: str, day: str = "2026-02-01T09:00:00") -> Incoming:
    return Incoming(f"{who} {day}", "interactions", None, {**CALL, "customer_id": who, "event_at": day})


@pytest.mark.parametrize(
    ("who", "day", "state", "why"),
    [
        ("c1", "2026-02-01T09:00:00", "", ""),
        ("c1", "2025-12-31T23:59:59", "refused", events.EARLY),
        ("c1", "2026-01-01T00:00:00", "", ""),
        ("any day", "2020-01-01T00:00:00", "", ""),
        ("nobody", "2026-02-01T09:00:00", "refused", events.UNKNOWN),
        ("gone", "2026-02-01T09:00:00", "erased", events.FORGOTTEN),
    ],
)
def test_only_what_happened_to_known_customers_is_kept(who: str, day: str, state: str, why: str) -> None:
    joined = {"c1": datetime(2026, 1, 1, 15), "any day": None, "gone": None}
    (found,) = events.of_known(read(row_of(who, day)), CANONICAL, joined, gone={"gone"})
    assert (found.state, found.why, bool(found.events)) == (state, why, not state)


def test_a_customer_comes_with_a_row_of_customers_and_what_follows_it() -> None:
    new = {"customer_id": "n", "event_at": "2026-02-01T08:00:00", "joined_at": "2026-02-01T08:00:00"}
    posted = read(row_of("n"), Incoming("n", "customers", None, new), row_of("n", "2026-02-02T09:00:00"))
    found = events.of_known(posted, CANONICAL, {})
    assert [one.state for one in found] == ["refused", "", ""]


def test_of_several_rows_the_worst_is_told() -> None:
    (one,) = read(of_file("b", 2))
    kept = [Kept("new", 7, NOW), Kept("conflict", 3, NOW)]
    assert events.told(one, kept)["state"] == "conflict"
    assert events.told(one, [Kept("known", 1, NOW), Kept("new", 7, NOW)])["state"] == "new"
