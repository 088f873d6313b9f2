"""Received events on either database: each key once, in one order of numbers, times and commits, whoever writes."""

import multiprocessing
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import chain

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import DataError
from pipelines.outreach.operations import database, erasing, received_events
from pipelines.outreach.operations.erasing import Signed
from pipelines.outreach.operations.received_events import Event, Received, keep, newest, of_customers, portions
from pipelines.raw_data.erased import pseudonym

NOW = datetime(2026, 3, 1, 8)
TICK = timedelta(microseconds=1)
NAMES = iter(range(10**6))


@pytest.fixture(scope="module")
def engine(database_address: str, tmp_path_factory: pytest.TempPathFactory) -> sa.Engine:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(database.ADDRESS, database_address)
        return database.opened(tmp_path_factory.mktemp("root"))


@pytest.fixture
def spec() -> str:
    return f"spec {next(NAMES)}"


def event(key: str, customer: str = "c1", text: str = "") -> Event:
    return Event(key, "interactions", customer, {"customer_id": customer, "text": text or key})


def every(engine: sa.Engine, spec: str, *, after: int = 0) -> list[Received]:
    return list(chain.from_iterable(portions(engine, spec, after=after)))


def numbered(found: Sequence[Received]) -> list[tuple[int, str]]:
    return [(one.number, one.event.key) for one in found]


def in_one_order(found: Sequence[Received]) -> bool:
    """Whether numbers have no gap and times increase strictly."""
    times = [one.known_at for one in found]
    return [one.number for one in found] == [*range(1, len(found) + 1)] and times == sorted(set(times))


def test_events_come_back_as_they_were_sent(engine: sa.Engine, spec: str) -> None:
    raw = {"file": "calls.csv", "row": {"who": "客户 7", "when": None}}
    sent = Event(
        "k/1 é", "interactions", "客户 7", {"text": 'it\'s "100 %"; 好', "sentiment": 0.1 + 0.2, "ok": True}, raw
    )
    (kept,) = keep(engine, spec, [sent], now=NOW)
    assert (kept.state, kept.number, kept.known_at) == ("new", 1, NOW)
    assert every(engine, spec) == [Received(1, NOW, sent)] == of_customers(engine, spec, ["客户 7"], after=0)
    assert newest(engine, spec) == (1, NOW)
    assert newest(engine, f"{spec} of others") == (0, None)
    assert keep(engine, spec, [], now=NOW) == []


@settings(max_examples=15)
@given(
    calls=st.lists(st.lists(st.sampled_from("abcdef"), max_size=5), max_size=5),
    back=st.lists(st.integers(-3, 3), min_size=5, max_size=5),
)
def test_in_any_order_of_retries_each_key_is_kept_once(
    engine: sa.Engine, calls: list[list[str]], back: list[int]
) -> None:
    spec, first = f"spec {next(NAMES)}", dict[str, tuple[int, datetime]]()
    for keys, seconds in zip(calls, back, strict=False):  # by a clock that may go back
        for key, kept in zip(
            keys, keep(engine, spec, [event(one) for one in keys], now=NOW + timedelta(seconds=seconds)), strict=True
        ):
            assert kept.state == ("known" if key in first else "new")
            assert first.setdefault(key, (kept.number, kept.known_at)) == (kept.number, kept.known_at)
    found = every(engine, spec)
    assert in_one_order(found)
    assert {one.event.key: (one.number, one.known_at) for one in found} == first
    assert newest(engine, spec) == max(first.values(), default=(0, None))


def test_those_of_a_call_are_a_microsecond_apart_and_a_clock_that_went_back_is_not_followed(
    engine: sa.Engine, spec: str
) -> None:
    one = keep(engine, spec, [event("a"), event("a"), event("b")], now=NOW)
    assert [kept.known_at for kept in one] == [NOW, NOW, NOW + TICK]
    (two,) = keep(engine, spec, [event("c")], now=NOW - timedelta(hours=1))
    assert two.known_at == NOW + 2 * TICK


def test_other_content_of_a_key_is_a_conflict_and_stops_no_other_event(engine: sa.Engine, spec: str) -> None:
    keep(engine, spec, [event("a")], now=NOW)
    found = keep(engine, spec, [event("a", text="other"), event("b"), event("a", "c2")], now=NOW + timedelta(hours=1))
    assert [(kept.state, kept.number) for kept in found] == [("conflict", 1), ("new", 2), ("conflict", 1)]
    assert [one.event for one in every(engine, spec)] == [event("a"), event("b")]


def test_of_a_mapped_event_what_was_sent_tells_whether_it_is_the_same(engine: sa.Engine, spec: str) -> None:
    raw = {"file": "calls.csv", "row": {"who": "c1"}}
    mapped = Event("a", "interactions", "c1", {"text": "by an older mapping"}, raw)
    again = Event("a", "interactions", "c1", {"text": "by a newer one"}, raw)
    other = Event("a", "interactions", "c1", {"text": "by an older mapping"}, {**raw, "row": {"who": "c2"}})
    assert [one.state for one in keep(engine, spec, [mapped, again, other], now=NOW)] == ["new", "known", "conflict"]


def test_a_key_that_is_none_keeps_nothing(engine: sa.Engine, spec: str) -> None:
    for key in ("", "k" * 201, "a\0", "\ud800", "a\nb"):
        with pytest.raises(DataError, match="the key of an event"):
            keep(engine, spec, [event("a"), event(key)], now=NOW)
    assert newest(engine, spec) == (0, None)


def test_customers_events_after_a_number_and_all_in_portions(
    engine: sa.Engine, spec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(received_events, "PORTION", 3)
    monkeypatch.setattr(received_events, "AT_ONCE", 2)
    keep(engine, spec, [event(f"k{number}", f"c{number % 3}") for number in range(1, 10)], now=NOW)
    assert numbered(of_customers(engine, spec, {"c0", "c1", "c9"}, after=3)) == [(n, f"k{n}") for n in (4, 6, 7, 9)]
    assert numbered(every(engine, spec)) == [(n, f"k{n}") for n in range(1, 10)]
    assert numbered(every(engine, spec, after=7)) == [(8, "k8"), (9, "k9")]
    assert [len(some) for some in portions(engine, spec, after=2)] == [3, 3, 1]


def write(engine: sa.Engine, spec: str, who: str) -> None:
    for number in range(10):
        own = [event(f"{who} {number} {place}") for place in range(3)]
        keep(engine, spec, [event(f"shared {number}"), *own], now=datetime.now())


def test_two_processes_that_write_at_once_make_one_order(engine: sa.Engine, spec: str) -> None:
    fork = multiprocessing.get_context("fork")
    both = [fork.Process(target=write, args=(engine, spec, who)) for who in ("one", "two")]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert [one.exitcode for one in both] == [0, 0]
    found = every(engine, spec)
    assert len(found) == 10 + 2 * 30
    assert in_one_order(found)


def test_of_an_erased_customer_nothing_stays_or_comes_again_and_no_number_is_given_twice(
    engine: sa.Engine, spec: str
) -> None:
    who = f"person of {spec}"
    keep(engine, spec, [event("a", "c1"), event("b", who)], now=NOW)
    assert erasing.counted(engine, who) == {"holdfast_events": 1}
    erasing.erase(engine, who, Signed(pseudonym(), spec, "2026-03-01T09:00:00", "desk"), {})
    found = keep(engine, spec, [event("b", who), event("c", "c1")], now=NOW)
    assert [(kept.state, kept.number) for kept in found] == [("erased", 0), ("new", 3)]
    assert numbered(every(engine, spec)) == [(1, "a"), (3, "c")]
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM holdfast_events"))
