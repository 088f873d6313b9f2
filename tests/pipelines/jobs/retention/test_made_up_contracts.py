"""Made-up contracts: customers at start, new, returned, lost and at end are those of a count, also with ends ahead."""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.jobs.retention import in_lines, kpis
from pipelines.outreach.operations import database
from pipelines.reporting import kpis_page
from pipelines.workspace import Workspace
from tests.pipelines.jobs.retention import company_by_hand as by_hand

FIRST, CLOSES, ENDS = date(2023, 1, 1), date(2024, 12, 1), by_hand.ENDS.date()
# The days of a window that closes on 1 December 2024: since a 31st, the leap day, the first of a year, and long ago.
OPENS = (date(2024, 10, 31), date(2024, 2, 29), date(2024, 1, 1), date(2023, 1, 31))
WINDOWS = [(CLOSES - opens).days for opens in OPENS]
FAR = date(9999, 12, 31)
USUAL = ("at_start", "new", "returned", "lost", "at_end")


@dataclass(frozen=True)
class Made:
    """A contract of a customer: its first day and the last, None while nobody knows one."""

    customer: int
    first: date
    last: date | None


FIRST_LEFT = date(2024, 2, 1)
LEAVER = Made(99, FIRST, FIRST_LEFT)


def days(first: date, last: date) -> st.SearchStrategy[date]:
    edges = [date(2023, 1, 31), date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31), *OPENS, CLOSES, last]
    return st.sampled_from([one for one in edges if first <= one <= last]) | st.dates(first, last)


@st.composite
def contracts(draw: st.DrawFn) -> Made:
    """One that has ended, has no end, or has one ahead, be it a date that stands for none."""
    first = draw(days(FIRST, ENDS))
    last = draw(st.one_of(st.none(), st.sampled_from([first, FAR]), days(first, date(2027, 12, 31))))
    return Made(draw(st.integers(0, 4)), first, last)


def figures(made: Sequence[Made]) -> dict[str, Any]:
    """What `kpis` says of them and of one who left in February 2024."""
    rows = [LEAVER, *made]
    frame = pd.DataFrame(
        {
            "customer_id": [f"c{one.customer}" for one in rows],
            "contract_id": [f"k{place}" for place in range(len(rows))],
            "starts_at": [datetime(one.first.year, one.first.month, one.first.day) for one in rows],
            "ended_at": [None if one.last is None else datetime(*one.last.timetuple()[:3]) for one in rows],
        }
    ).astype({"starts_at": "datetime64[us]", "ended_at": "datetime64[us]"})
    past = frame["ended_at"].where(frame["ended_at"] < by_hand.ENDS)
    moment = past.fillna(frame["starts_at"])
    frame = frame.assign(event_at=moment, known_at=moment, renews_at=frame["starts_at"], plan="basic", price=10.0)
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder), "demo")
        by_hand.write(workspace, {"contracts": frame, "usage": by_hand.usage()})
        found = kpis.figures(by_hand.spec(kpis={"days": WINDOWS}), workspace, at=str(CLOSES), by=None)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["title"] in kpis_page.render(found)
    assert in_lines.lines(found)
    return found


def is_there(made: Sequence[Made], customer: int, day: date) -> bool:
    """A contract counts after its first day's beginning, and still at that of its last."""
    return any(
        one.customer == customer and one.first < day and (one.last is None or one.last >= day) and one.last != one.first
        for one in made
    )


def counted(made: Sequence[Made], opens: date) -> dict[str, int]:
    """Each customer is looked at on every day before the window, and on both of its edges."""
    found = dict.fromkeys(USUAL, 0)
    before = [FIRST + timedelta(days=one) for one in range((opens - FIRST).days)]
    for customer in {one.customer for one in made}:
        start, end = is_there(made, customer, opens), is_there(made, customer, CLOSES)
        earlier = any(is_there(made, customer, day) for day in before)
        found["at_start"] += start
        found["at_end"] += end
        found["lost"] += start and not end
        found["new"] += end and not start and not earlier
        found["returned"] += end and not start and earlier
    return found


@pytest.fixture(autouse=True)
def _no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(database.ADDRESS, raising=False)


ALL_AHEAD = [Made(one, FIRST, date(2026, 6, 30)) for one in range(8)]
BACK = [Made(0, FIRST, date(2024, 1, 31)), Made(0, date(2024, 2, 29), FAR), Made(0, date(2024, 11, 30), None)]


@given(made=st.lists(contracts(), min_size=1, max_size=8))
@example(made=ALL_AHEAD)
@example(made=BACK)
@settings(max_examples=25, deadline=None)
def test_customers_are_those_of_a_count_and_reconcile(made: list[Made]) -> None:
    windows = figures(made)["windows"]
    for opens, window in zip(sorted(OPENS, reverse=True), windows, strict=True):
        assert window["opens"] == str(opens)
        if window["state"] == "before the data":  # where many leave, the first end says from when on that is known
            assert opens < FIRST_LEFT
            continue
        assert window["state"] == "complete"
        moved = window["all"]["customers"]
        assert moved["at_start"] + moved["new"] + moved["returned"] - moved["lost"] == moved["at_end"]
        assert {name: moved[name] for name in USUAL} == counted([LEAVER, *made], opens)


@given(made=st.lists(contracts(), min_size=1, max_size=8))
@example(made=ALL_AHEAD)
@settings(max_examples=15, deadline=None)
def test_an_end_that_lies_ahead_changes_no_window_that_is_over(made: list[Made]) -> None:
    """It is known, but nobody has left yet: everything is as if the contract had no end."""
    without = [one if one.last is None or one.last <= ENDS else replace(one, last=None) for one in made]
    assert figures(made) == figures(without)


def test_where_all_ends_lie_ahead_nobody_has_left_yet(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, "demo")
    rows = by_hand.contracts()
    ahead = rows[rows["customer_id"] == "a"].assign(ended_at=pd.Timestamp("2025-06-30").as_unit("us"))
    by_hand.write(workspace, {"contracts": ahead})
    found = kpis.figures(by_hand.spec(), workspace, at=None, by=None)
    assert found["missing"][kpis.MOVEMENTS] == "no contract in the data has ended yet: whoever left is not in them."


def test_ends_that_lie_ahead_do_not_say_how_late_an_end_is_known(tmp_path: Path) -> None:
    """One end was known after three days; two hundred that are known in advance make it no earlier."""
    workspace = Workspace(tmp_path, "demo")
    rows = by_hand.contracts()
    one = rows[(rows["customer_id"] == "a") & (rows["plan"] == "basic")]
    names = [f"z{place:03}" for place in range(200)]
    ahead = pd.concat([one] * 200, ignore_index=True).assign(customer_id=names, contract_id=names)
    ahead = ahead.assign(ended_at=pd.Timestamp("2025-06-30").as_unit("us"))
    by_hand.write(workspace, {"contracts": pd.concat([rows, ahead]), "usage": by_hand.usage()})
    found = kpis.figures(by_hand.spec(), workspace, at=None, by=None)
    assert (found["at"], found["lag_days"]) == ("2024-12-29", 3)
    assert {one["state"] for one in found["windows"]} == {"complete"}
