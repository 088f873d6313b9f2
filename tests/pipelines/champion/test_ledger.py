"""The ledger: appended to, never changed, and what follows from it."""

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from features.errors import DataError, StorageError, UsageError
from pipelines.champion import entry_kinds, ledger, ledger_table
from pipelines.champion.authorship import Authorship
from pipelines.champion.chain import chain_faults, succession_faults
from pipelines.champion.ledger import Entry, Ledger, TakenError
from pipelines.champion.succession import Standing

SIGNED = Authorship("ada@desk", "2026-01-02T03:04:05+00:00")
FOUND: dict[str, Any] = {**entry_kinds.NOTHING, "reasons": ["as found"], "figures": {"challenger": {"AUC": 0.7}}}
# What may happen next, to which version, on which cohort.
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["PROMOTE", "KEEP", "awaiting", "approval", "forced", "rollback"]),
        st.sampled_from(["1", "2", "3", "4"]),
        st.sampled_from(["spring", "autumn"]),
    ),
    max_size=12,
)


def body(standing: Standing, event: str, version: str, cohort: str) -> dict[str, Any] | None:
    """What the commands would write of an event; None where they would refuse."""
    if event == "rollback":
        return (
            entry_kinds.rollback(standing, SIGNED, to=standing.before, digest="d", reason="")
            if standing.before
            else None
        )
    if event == "approval":
        waiting = standing.waiting.get(version)
        return entry_kinds.approval(waiting, SIGNED) if waiting else None
    if version == standing.champion:
        return None
    asked = {"challenger_version": version, "compared_with": standing.champion, "question": "q"}
    look = {"cohort": cohort, "place": len(standing.looks()) + 1, "alpha": 0.01}
    found = {**FOUND, "verdict": "KEEP" if event == "KEEP" else "PROMOTE", "look": look}
    decided = entry_kinds.decision(asked, found, SIGNED, digest="d", approval=event == "awaiting")
    return entry_kinds.forced(decided, SIGNED, reason="must") if event == "forced" else decided


def told(events: list[tuple[str, str, str]]) -> Standing:
    standing = Standing("shop")
    for event in events:
        said = body(standing, *event)
        if said:
            standing = Standing("shop", (*standing.entries, Entry.after(standing.entries, "shop", said)))
    return standing


def naive(standing: Standing) -> tuple[list[str], dict[str, int]]:
    """The champions to which rollbacks lead back, and the looks of each cohort, step by step."""
    stack: list[str] = []
    looks: dict[str, int] = {}
    for entry in standing.entries:
        if entry.body["kind"] == "rollback":
            stack.pop()
        elif entry.body["champion_version"] != (stack[-1] if stack else None):
            stack.append(entry.body["champion_version"])
        if entry.body["kind"] in ("decision", "forced") and entry.body["look"]:
            looks[entry.body["look"]["cohort"]] = looks.get(entry.body["look"]["cohort"], 0) + 1
    return stack, looks


@given(EVENTS)
def test_champion_looks_and_the_way_back_follow_from_the_entries(events: list[tuple[str, str, str]]) -> None:
    standing = told(events)
    stack, looks = naive(standing)
    assert list(standing.champions) == stack
    assert standing.champion == (standing.head.body["champion_version"] if standing.head else None)
    assert Counter(look["cohort"] for look, _ in standing.looks()) == looks
    assert not [*chain_faults(standing.entries), *succession_faults(standing.entries)]


@given(EVENTS)
def test_a_new_champion_ends_every_wait_and_nobody_waits_against_another_champion(events) -> None:
    standing = told(events)
    assert not (standing.waiting and standing.head and standing.head.moves)
    for entry in standing.waiting.values():
        assert entry.body["compared_with"] == standing.champion
        assert all(not later.moves for later in standing.entries[entry.number :])


@given(EVENTS)
def test_rollbacks_lead_back_through_all_champions_to_the_first(events) -> None:
    standing = told(events)
    way = list(standing.champions)
    for _ in way[1:]:
        left = standing.champion
        standing = told_more(standing, "rollback")
        assert left in standing.withdrawn
    assert list(standing.champions) == way[:1]


def told_more(standing: Standing, event: str) -> Standing:
    said = body(standing, event, "1", "spring")
    assert said
    return Standing("shop", (*standing.entries, Entry.after(standing.entries, "shop", said)))


@given(EVENTS.filter(lambda events: len(told(events).entries) > 1), st.data())
def test_no_entry_can_be_changed_moved_or_lost_unnoticed(events, data: st.DataObject) -> None:
    entries = told(events).entries
    place = data.draw(st.integers(0, len(entries) - 2))
    one = entries[place]
    changes: dict[str, Callable[[], tuple[Entry, ...]]] = {
        "body": lambda: (replace(one, body={**one.body, "words": "other"}),),
        "spec": lambda: (replace(one, spec="other"),),
        "previous": lambda: (replace(one, previous="0" * 64),),
        "hash": lambda: (replace(one, hash="0" * 64),),
        "lost": tuple,
        "rewritten": lambda: (Entry.after(entries[:place], "shop", {**one.body, "words": "other"}),),
    }
    for change in changes.values():
        assert list(chain_faults((*entries[:place], *change(), *entries[place + 1 :])))


def test_what_is_appended_is_read_back_and_each_spec_has_its_own_numbers(database_address: str) -> None:
    book = Ledger.open(database_address)
    written: dict[str, tuple[Entry, ...]] = {}
    for spec in ("read_1", "read_2"):
        first = Entry.after((), spec, {"words": "Zoë 'said' 50 %", "number": 0.1, "none": None})
        second = Entry.after((first,), spec, {"words": "then"})
        for entry in (first, second):
            book.append(entry)
        written[spec] = (first, second)
    assert {spec: Ledger.open(database_address).entries(spec) for spec in written} == written
    assert not list(chain_faults(book.entries("read_1")))


def test_of_many_who_write_the_same_entry_exactly_one_does(database_address: str) -> None:
    book = Ledger.open(database_address)

    def write(who: int) -> bool:
        try:
            book.append(Entry.after((), "raced", {"who": who}))
        except TakenError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        wrote = list(pool.map(write, range(8)))
    assert sum(wrote) == 1
    assert [entry.body["who"] for entry in book.entries("raced")] == [wrote.index(True)]


def test_many_who_open_a_new_ledger_at_once_all_find_one(database_address: str) -> None:
    book = Ledger.open(database_address)
    with book.engine.begin() as connection:
        ledger_table.TABLE.drop(connection)
        if "postgresql" in database_address:
            connection.exec_driver_sql("DROP FUNCTION holdfast_ledger_refuse")
    with ThreadPoolExecutor(6) as pool:
        assert [len(one.entries("shop")) for one in pool.map(Ledger.open, [database_address] * 6)] == [0] * 6


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE holdfast_ledger SET body = '{}' WHERE spec = 'kept'",
        "DELETE FROM holdfast_ledger WHERE spec = 'kept'",
        "DELETE FROM holdfast_ledger",
        "INSERT INTO holdfast_ledger VALUES ('kept', 1, '', '', '') ON CONFLICT (spec, number) DO UPDATE SET body = ''",
        "INSERT OR REPLACE INTO holdfast_ledger VALUES ('kept', 1, '', '', '{}')",
        "TRUNCATE holdfast_ledger",
    ],
)
def test_the_database_itself_refuses_to_change_or_delete_an_entry(database_address: str, statement: str) -> None:
    book = Ledger.open(database_address)
    if not book.entries("kept"):
        book.append(Entry.after((), "kept", {"words": "for good"}))
    with pytest.raises(sa.exc.DBAPIError), book.engine.begin() as connection:
        connection.exec_driver_sql(statement)
    assert [entry.body for entry in book.entries("kept")] == [{"words": "for good"}]


def test_an_entry_that_is_no_json_is_named(tmp_path: Path) -> None:
    book = Ledger.open(f"sqlite:///{tmp_path}/ledger.db")
    with book.engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO holdfast_ledger VALUES ('shop', 1, '', '', '{')")
    with pytest.raises(DataError, match="entry 1 of the ledger of 'shop' is no JSON"):
        book.entries("shop")


@pytest.mark.parametrize(
    ("variable", "address", "words"),
    [
        ("MLFLOW_TRACKING_URI", "http://mlflow.example", "begins with 'http:'.*set HOLDFAST_LEDGER_URI"),
        ("HOLDFAST_LEDGER_URI", "mysql://host/db", "HOLDFAST_LEDGER_URI begins with 'mysql:'"),
    ],
)
def test_a_ledger_that_is_no_database_is_refused_with_the_remedy(
    variable: str, address: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, address)
    with pytest.raises(UsageError, match=words):
        ledger.opened(tmp_path)


def test_beside_a_tracking_server_the_ledger_is_where_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mlflow.example")
    monkeypatch.setenv("HOLDFAST_LEDGER_URI", f"sqlite:///{tmp_path}/promotions.db")
    ledger.opened(tmp_path).append(Entry.after((), "shop", {"words": "here"}))
    assert (tmp_path / "promotions.db").exists()


@pytest.mark.parametrize(
    ("address", "kind", "words"),
    [
        ("sqlite:////nowhere/at/all.db", StorageError, "sqlite:////nowhere/at/all.db could not be read"),
        ("postgresql://me:secret@127.0.0.1:1/db", StorageError, "could not be read"),
        ("postgresql+nothing://host/db", UsageError, "address"),
    ],
)
def test_a_ledger_that_does_not_answer_is_told_without_its_password(
    address: str, kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words) as caught:
        Ledger.open(address)
    assert "secret" not in str(caught.value)


def test_equal_bodies_have_equal_hashes_whatever_the_order_of_their_keys() -> None:
    one, other = {"a": 1.5, "b": ["x"]}, {"b": ["x"], "a": 1.5}
    assert Entry.after((), "shop", one).hash == Entry.after((), "shop", other).hash
    assert json.loads(ledger.canonical(one)) == other
