"""An event log: whatever the spec maps, nothing is lost uncounted, and what was known at a date stays what it was."""

import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from features.errors import DataError, MissingError, SchemaError
from features.event_log.counting import reconciled
from features.event_log.judging import Judged
from features.source import Part, Reconciled, Unmapped
from features.sources.event_log import SOURCE, EventLogOptions
from tests.features.sources.memory import MemoryRaw

PAYMENTS = {"customer_id": "who", "event_at": "day", "kind": "'payment'", "amount": "sum"}
Found = tuple[dict[str, list[Part]], dict[str, Reconciled], dict[str, pa.Table]]


def options(tables: Mapping[str, Any], **changes: Any) -> EventLogOptions:
    plain = {"kind": "event_log", "time_zone": "Europe/London", "refuse_unmapped_above": 1.0, "tables": tables}
    return EventLogOptions.model_validate({**plain, **changes})


def payments(**changes: Any) -> dict[str, Any]:
    columns = {**PAYMENTS, **changes.pop("columns", {})}
    return {"transactions": {"files": "*.csv", **changes, "columns": columns}}


def read(files: Mapping[str, pa.Table], of: EventLogOptions) -> Found:
    parts: dict[str, list[Part]] = {}
    counts, lost = {}, {}
    for found in SOURCE.read(MemoryRaw(files), of):
        if isinstance(found, Part):
            parts.setdefault(found.table, []).append(found)
        elif isinstance(found, Unmapped):
            lost[found.table] = found.rows.read_all()
        else:
            counts[found.table] = found
    return parts, counts, lost


def rows(parts: Iterable[Part]) -> list[dict[str, Any]]:
    return [row for part in parts for row in part.rows.to_pylist()]


def csv(*lines: str, names: str = "who,day,sum") -> pa.Table:
    """A file of texts, as a CSV file is read: blank is missing."""
    cells = [[cell or None for cell in line.split(",")] for line in lines]
    columns = zip(*cells, strict=True) if cells else [()] * len(names.split(","))
    return pa.table(
        {name: pa.array(column, pa.string()) for name, column in zip(names.split(","), columns, strict=True)}
    )


def parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def stored(parts: Mapping[str, list[Part]]) -> dict[tuple[str, str], bytes]:
    return {(name, part.name): parquet(part.rows) for name, several in parts.items() for part in several}


LINE = st.tuples(st.sampled_from("ab-"), st.integers(1, 3), st.sampled_from(["5", "7", "7 EUR"]))
FILES = st.lists(st.lists(LINE, max_size=6), min_size=1, max_size=3)


@settings(max_examples=40, deadline=None)
@given(FILES)
def test_every_row_that_was_read_went_somewhere_and_overlaps_are_taken_once(files: list[list[Any]]) -> None:
    """The oracle: of each line as often as the file has it that has it most often."""
    raw = {
        f"{number}.csv": csv(*(f"{who.strip('-')},2024-01-0{day},{money}" for who, day, money in lines))
        for number, lines in enumerate(files)
    }
    most: Counter[Any] = Counter()
    for lines in files:
        most |= Counter(lines)
    expected = Counter({line: n for line, n in most.items() if line[0] != "-"})
    of = options(payments())
    if not expected:
        with pytest.raises(DataError, match="no row is left"):
            read(raw, of)
        return
    parts, counts, lost = read(raw, of)
    found = Counter(
        (row["customer_id"], row["event_at"].day, f"{row['amount']:.0f}" if row["amount"] else "7 EUR")
        for row in rows(parts["transactions"])
    )
    assert found == expected
    one = counts["transactions"]
    assert one.adds_up
    assert one.duplicates == sum(map(len, files)) - most.total()
    assert sum(one.unmapped.values()) == lost["transactions"].num_rows == most.total() - expected.total()


USES = st.lists(
    st.tuples(
        st.sampled_from("ab"), st.integers(0, 70), st.integers(0, 40), st.sampled_from(["x", "y"]), st.integers(0, 9)
    ),
    min_size=1,
    max_size=14,
    unique_by=lambda event: event[:2],  # or they would say that they correct each other
)
USAGE = {
    "usage": {
        "files": "*.csv",
        "columns": {
            "customer_id": "who",
            "event_at": "happened",
            "known_at": "known",
            "kind": "what",
            "minutes": "long",
        },
    }
}
START = datetime(2024, 1, 1)


def uses(events: list[Any]) -> list[tuple[str, datetime, datetime, str, int]]:
    """Events in steps of 9 hours that are known in steps of 7 hours."""
    return [
        (who, START + timedelta(hours=9 * at), START + timedelta(hours=9 * at + 7 * late), what, minutes)
        for who, at, late, what, minutes in events
    ]


def log(events: Iterable[tuple[Any, ...]]) -> pa.Table:
    return csv(*(",".join(str(cell) for cell in event) for event in events), names="who,happened,known,what,long")


@settings(max_examples=40, deadline=None)
@given(USES)
def test_a_day_of_use_holds_at_any_date_what_was_known_of_it_by_then(events: list[Any]) -> None:
    """The oracle counts the raw events anew at every date of observation."""
    happened = uses(events)
    parts, counts, _ = read({"log.csv": log(happened)}, options(USAGE))
    assert counts["usage"].adds_up
    for as_of in (START + timedelta(days=days) for days in (1, 2, 5, 9, 20, 31, 60)):
        visible: dict[Any, Any] = {}
        for row in sorted(rows(parts["usage"]), key=lambda row: row["known_at"]):
            if row["known_at"] < as_of:
                visible[row["customer_id"], row["event_at"]] = (row["actions"], row["minutes"], row["kinds"])
        expected: dict[Any, Any] = {}
        for who, at, known, what, minutes in happened:
            if known < as_of:
                expected.setdefault((who, at.replace(hour=0)), []).append((minutes, what))
        assert visible == {
            key: (len(day), sum(minutes for minutes, _ in day), len({what for _, what in day}))
            for key, day in expected.items()
        }


@settings(max_examples=40, deadline=None)
@given(USES)
def test_a_derived_customer_joined_at_the_first_event_that_was_known(events: list[Any]) -> None:
    happened = uses(events)
    columns = {
        "customer_id": "who",
        "event_at": "happened",
        "known_at": "known",
        "channel": "'call'",
        "complaint": "false",
    }
    parts, _, _ = read({"log.csv": log(happened)}, options({"interactions": {"files": "*.csv", "columns": columns}}))
    versions = sorted(rows(parts["customers"]), key=lambda row: row["known_at"])
    for as_of in {known + timedelta(seconds=1) for _, _, known, _, _ in happened}:
        joined = {row["customer_id"]: row["joined_at"] for row in versions if row["known_at"] < as_of}
        expected: dict[str, datetime] = {}
        for who, at, known, _, _ in happened:
            if known < as_of:
                expected[who] = min(at, expected.get(who, at))
        assert joined == expected


@settings(max_examples=25, deadline=None)
@given(USES, st.integers(0, 60))
def test_a_later_file_changes_no_earlier_month(events: list[Any], cut: int) -> None:
    happened, until = uses(events), START + timedelta(days=cut)
    first = [event for event in happened if event[2] < until]
    later = [event for event in happened if event[2] >= until]
    if not first or not later:
        return
    calls = {"files": "*.csv", "columns": {"customer_id": "who", "event_at": "happened", "known_at": "known"}}
    calls["columns"] |= {"channel": "'call'", "complaint": "false"}
    of = options({**USAGE, "interactions": calls})
    before = stored(read({"b.csv": log(first)}, of)[0])
    # The newer file sorts before the older one, has a column more, and lists the rows from the end.
    newer = log(reversed(later)).append_column("note", pa.array(["new"] * len(later)))
    after = stored(read({"a.csv": newer, "b.csv": log(first)}, of)[0])
    untouched = {key: content for key, content in before.items() if key[1] < f"{until:%Y-%m}"}
    assert untouched.items() <= after.items()


def test_the_order_of_the_rows_is_nothing() -> None:
    lines = [f"c{n % 7},2024-0{1 + n % 3}-05,{n % 4}" for n in range(60)]
    one, other = (read({"a.csv": csv(*some)}, options(payments()))[0] for some in (lines, lines[::-1]))
    assert stored(one) == stored(other)


def test_equal_rows_of_one_file_are_kept_unless_the_spec_says_not() -> None:
    raw = {"a.csv": csv("a,2024-01-01,5", "a,2024-01-01,5")}
    kept, _, _ = read(raw, options(payments()))
    assert len({row["transaction_id"] for row in rows(kept["transactions"])}) == 2
    dropped, counts, _ = read(raw, options(payments(duplicates="drop")))
    assert len(rows(dropped["transactions"])) == 1
    assert (counts["transactions"].duplicates, counts["transactions"].adds_up) == (1, True)


@pytest.mark.parametrize(("table", "kept"), [("transactions", 1), ("transactions", 3), ("usage", 3)])
def test_rows_that_are_lost_or_made_up_on_the_way_are_no_result(table: str, kept: int) -> None:
    with duckdb.connect() as database:
        rows = "SELECT 0 AS file, false AS is_duplicate, NULL AS dropped, NULL AS problem FROM range(2)"
        database.execute(f"CREATE TABLE judged AS {rows}")
        whole, torn = (Judged("judged", "here", ("a.csv",), ("who",), (read,)) for read in (2, 3))
        assert reconciled(database, table, [whole], kept=2, limit=1.0).adds_up
        for one, made in ((whole, kept), (torn, 2)):
            with pytest.raises(DataError, match=rf"source\.tables\.{table}: the files have . rows and . are"):
                reconciled(database, table, [one], kept=made, limit=1.0)


def test_files_that_call_columns_differently_overlap_all_the_same() -> None:
    raw = {"a.csv": csv("a,2024-01-01,5"), "b.csv": csv("a,2024-01-01,5", "b,2024-01-02,6", names="client,day,sum")}
    parts, counts, _ = read(raw, options(payments(rename={"client": "who"})))
    assert [row["customer_id"] for row in rows(parts["transactions"])] == ["a", "b"]
    assert counts["transactions"].duplicates == 1


def test_filters_count_by_name_the_first_that_holds() -> None:
    drop = {"too little": "sum::DOUBLE < 5", "of January": "day < '2024-02'"}
    raw = {"a.csv": csv("a,2024-01-01,1", "a,2024-01-01,9", "a,2024-02-01,9", "a,2024-02-01,?")}
    parts, counts, _ = read(raw, options(payments(drop=drop)))
    assert counts["transactions"].dropped == {"too little": 1, "of January": 1}
    assert [row["amount"] for row in rows(parts["transactions"])] == [9.0, None]


def test_what_cannot_be_read_is_kept_beside_and_what_cannot_be_placed_is_set_aside() -> None:
    raw = {"a.csv": csv("a,2024-01-01,£5", ",2024-01-01,5", "b,soon,5", "b,,5", "c,2024-01-03, 5 ")}
    parts, counts, lost = read(raw, options(payments(columns={"amount": "2 * sum::DOUBLE"})))
    assert [(row["amount"], row.get("amount__unreadable")) for row in rows(parts["transactions"])] == [
        (None, "£5"),
        (10.0, None),
    ]
    assert counts["transactions"].unmapped == {"no customer_id": 1, "no event_at": 1, "unreadable event_at": 1}
    assert lost["transactions"].to_pylist() == [
        {"(file)": "a.csv", "(reason)": "no customer_id", "day": "2024-01-01", "sum": "5", "who": None},
        {"(file)": "a.csv", "(reason)": "no event_at", "day": None, "sum": "5", "who": "b"},
        {"(file)": "a.csv", "(reason)": "unreadable event_at", "day": "soon", "sum": "5", "who": "b"},
    ]


def test_a_fraction_is_no_whole_number() -> None:
    columns = {"customer_id": "who", "event_at": "day", "actions": "sum"}
    raw = {"a.csv": csv("a,2024-01-01,2", "b,2024-01-01,2.5")}
    parts, _, _ = read(raw, options({"usage": {"files": "*.csv", "columns": columns}}))
    assert [(row["actions"], row["actions__unreadable"]) for row in rows(parts["usage"])] == [(2, None), (None, "2.5")]


@pytest.mark.parametrize(
    ("text", "recorded_in", "kept"),
    [
        ("2024-07-01 12:00", None, "2024-07-01 12:00"),
        ("2024-07-01 12:00", "UTC", "2024-07-01 13:00"),
        ("2024-01-01 12:00", "UTC", "2024-01-01 12:00"),
        ("2024-07-01 20:00", "America/New_York", "2024-07-02 01:00"),
        ("2024-07-01T12:00:00Z", None, "2024-07-01 13:00"),
        ("2024-07-01 12:00:00+05:30", "UTC", "2024-07-01 07:30"),
        ("2024-04-08 23:30:00 UTC", None, "2024-04-09 00:30"),
        ("2024-04-08 23:30 gmt", "America/New_York", "2024-04-09 00:30"),
        ("2024-04-08 23:30:00.5 Europe/Paris", None, "2024-04-08 22:30:00.5"),
        ("2024-04-08 23:30:00+02:00:00", None, "2024-04-08 22:30"),
        ("2024-04-08 23:30:00-0500", None, "2024-04-09 05:30"),
        ("2024-07-01", "America/New_York", "2024-07-01 00:00"),
        ("2024-7-1", "America/New_York", "2024-07-01 00:00"),
        ("2024/07/01", "America/New_York", "2024-07-01 00:00"),
        ("2024-07-01 00:00:00", "America/New_York", "2024-07-01 00:00"),
        ("2024-07-01 00:00:01", "America/New_York", "2024-07-01 05:00:01"),
    ],
)
def test_times_are_kept_as_the_companys_clocks_showed_them(text: str, recorded_in: str | None, kept: str) -> None:
    parts, _, _ = read({"a.csv": csv(f"a,{text},5")}, options(payments(recorded_in=recorded_in)))
    assert rows(parts["transactions"])[0]["event_at"] == datetime.fromisoformat(kept)


@pytest.mark.parametrize(
    "text",
    [
        "2024-07-01 11:30 PM",
        "2024-07-01 11:30 BST",
        "2024-07-01 11:30 Europe/Lodon",
        "20240-03-08 10:00",
        "0044-03-15 (BC)",
        "infinity",
    ],
)
def test_a_moment_that_cannot_be_told_for_sure_is_counted_as_unreadable(text: str) -> None:
    for tables in (payments(), {"usage": {"files": "*.csv", "columns": {"customer_id": "who", "event_at": "day"}}}):
        [(name, _)] = tables.items()
        parts, counts, _ = read({"a.csv": csv(f"a,{text},5", "a,2024-07-01 12:00,5")}, options(tables))
        assert len(rows(parts[name])) == 1
        assert counts[name].unmapped == {"unreadable event_at": 1}


ZONES = st.sampled_from(
    ["Europe/London", "America/New_York", "Australia/Lord_Howe", "UTC", "Asia/Kolkata", "Asia/Beirut"]
)
NIGHTS = ["2024-03-31", "2024-03-10", "2024-10-06", "2024-10-27", "2024-11-03", "2024-04-07", "2024-07-01"]


@settings(max_examples=60, deadline=None)
@given(ZONES, ZONES, st.sampled_from(NIGHTS), st.integers(1, 24 * 12 - 1), st.booleans())
def test_a_time_that_no_clock_showed_is_unreadable_and_counted(
    recorded: str, kept: str, day: str, step: int, typed: bool
) -> None:
    """The oracle: such a time does not come back from UTC as it went there. Midnights are days and always read."""
    local = datetime.fromisoformat(day) + timedelta(minutes=5 * step)
    there = local.replace(tzinfo=ZoneInfo(recorded))
    exists = there.astimezone(UTC).astimezone(ZoneInfo(recorded)).replace(tzinfo=None) == local
    rows_in = csv(f"a,{local:%Y-%m-%d %H:%M},5", f"a,{day},5", f"a,{day} 00:00,5")
    if typed:
        rows_in = rows_in.set_column(1, "day", rows_in["day"].cast(pa.timestamp("us")))
    of = options(payments(recorded_in=recorded), time_zone=kept)
    parts, counts, lost = read({"a.csv": rows_in}, of)
    assert counts["transactions"].unmapped == ({} if exists else {"unreadable event_at": 1})
    assert len(rows(parts["transactions"])) == 2 + exists
    if not exists:
        assert [row["day"][:16] for row in lost["transactions"].to_pylist()] == [f"{local:%Y-%m-%d %H:%M}"]


def test_typed_instants_need_no_zone_and_typed_days_have_none() -> None:
    noon, day = datetime(2024, 7, 1, 12), datetime(2024, 7, 1)
    for values, kept in (
        (pa.array([noon], pa.timestamp("us", "UTC")), datetime(2024, 7, 1, 13)),
        (pa.array([day.date()], pa.date32()), day),
    ):
        raw = {"a.csv": pa.table({"who": ["a"], "day": values, "sum": [5.0]})}
        parts, _, _ = read(raw, options(payments(recorded_in="America/New_York")))
        assert rows(parts["transactions"])[0]["event_at"] == kept


def test_when_clocks_are_set_back_nothing_is_known_before_it_happened() -> None:
    """At 01:50 of summer time it happened; twenty minutes later it was 01:10 of winter time."""
    raw = {"a.csv": csv("a,2024-10-27 00:50,2024-10-27 01:10", names="who,day,known")}
    columns = {"known_at": "known", "amount": 5}
    parts, _, _ = read(raw, options(payments(recorded_in="UTC", columns=columns)))
    [row] = rows(parts["transactions"])
    assert row["event_at"] == row["known_at"] == datetime(2024, 10, 27, 1, 50)


IDENTITIES = {"identities": {"file": "ids.txt", "key": "channel || ':' || key", "customer_id": "customer"}}


def ids(*lines: str) -> pa.Table:
    return csv(*lines, names="channel,key,customer")


def joined(*of_ids: str) -> Found:
    shop = {"files": "shop.csv", "identity": True, "columns": {**PAYMENTS, "customer_id": "'shop:' || who"}}
    web = {"files": "web.csv", "identity": True, "columns": {**PAYMENTS, "customer_id": "'web:' || who"}}
    files = {"shop.csv": csv("1,2024-01-01,5"), "web.csv": csv("1,2024-01-02,6", "2,2024-01-03,7")}
    return read({**files, "ids.txt": ids(*of_ids)}, options({"transactions": [shop, web]}, **IDENTITIES))


def test_channels_with_keys_of_their_own_meet_in_one_customer() -> None:
    parts, counts, _ = joined("shop,1,Ann", "web,1,Bea", "web,2,Ann", "web,2,Ann")
    assert [(row["customer_id"], row["amount"]) for row in rows(parts["transactions"])] == [
        ("Ann", 5.0),
        ("Ann", 7.0),
        ("Bea", 6.0),
    ]
    assert counts["transactions"].read == {"shop.csv": 1, "web.csv": 2}


def test_a_key_of_nobody_and_a_key_of_two_are_errors_with_examples() -> None:
    with pytest.raises(DataError, match=r"source\.tables\.transactions\[1\].*1 keys of 1 rows.*'web:2'"):
        joined("shop,1,Ann", "web,1,Bea")
    with pytest.raises(DataError, match=r"1 keys belong to several customers, such as 'web:1' is 'Ann' and 'Bea'"):
        joined("shop,1,Ann", "web,1,Bea", "web,1,Ann", "web,2,Ann")


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "no SQL": (payments(columns={"amount": "sum *"}), r"source\.tables\.transactions\.columns\.amount: 'sum \*'"),
    "a name with a blank": (payments(columns={"amount": "net sum"}), r"columns\.amount.*'net sum'.*\"net sum\""),
    "two expressions": (payments(columns={"amount": "1, 2"}), r"columns\.amount.*more than one"),
    "a window": (payments(columns={"amount": "sum(1) over ()"}), r"columns\.amount.*its own row only"),
    "a clock": (payments(columns={"event_at": "now()"}), r"columns\.event_at.*something else every time"),
    "no filter": (payments(drop={"odd": "mod(sum"}), r"source\.tables\.transactions\.drop\.odd"),
    "unknown column": (payments(columns={"amout": "sum"}), r"no column \['amout'\].*'amount'"),
    "column left out": ({"transactions": {"files": "a", "columns": {"customer_id": "who"}}}, r"\['event_at', 'kind'"),
    "unknown table": ({"orders": payments()["transactions"]}, r"no table 'orders'.*'transactions'"),
    "unknown zone": (payments(recorded_in="Europe/Lodon"), r"no time zone 'Europe/Lodon'.*Europe/London"),
    "no identities": (payments(identity=True), r"source\.tables\.transactions\.identity"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_spec_is_placed_before_any_file_is_read(fault: str) -> None:
    tables, words = FAULTS[fault]
    with pytest.raises(ValidationError, match=words):
        options(tables)


@pytest.mark.parametrize(
    "clock",
    [
        "localtimestamp",
        "CURRENT_DATE",
        "transaction_timestamp()",
        "current_localtimestamp()",
        "day + age(day::TIMESTAMP)",
        "ago(INTERVAL 1 DAY)",
        "get_current_time()",
        "txid_current()",
        "gen_random_uuid()",
    ],
)
def test_no_expression_asks_what_is_not_in_the_data(clock: str) -> None:
    with pytest.raises(ValidationError, match="something else every time"):
        options(payments(columns={"amount": clock}))


@pytest.mark.parametrize(
    "sound", ["today", "user", "current_plan", "age(day, back)", "random + date_add(day, INTERVAL 1 DAY)"]
)
def test_a_column_may_be_called_like_a_clock_and_two_dates_have_an_age(sound: str) -> None:
    options(payments(columns={"amount": sound}))


@pytest.mark.parametrize("nobody", ["user", "'who'", "current_user"])
def test_a_customer_whom_no_column_names_is_refused(nobody: str) -> None:
    with pytest.raises(SchemaError, match=r"columns\.customer_id.*names no column of a\.csv; it has.*'who'"):
        read({"a.csv": csv("a,2024-01-01,5")}, options(payments(columns={"customer_id": nobody})))


def test_a_file_that_lacks_a_column_is_named_with_what_it_has() -> None:
    raw = {"a.csv": csv("a,2024-01-01,5"), "b.csv": csv("a,2024-01-01,5", names="who,day,total")}
    with pytest.raises(SchemaError, match=r"columns\.amount: b\.csv has no column 'sum'; it has.*'total'"):
        read(raw, options(payments()))
    near = {"b.csv": csv("a,2024-01-01,5", names="who,day,summ")}
    with pytest.raises(SchemaError, match=r"b\.csv has no column 'sum'; the nearest: \['summ'\]\."):
        read(near, options(payments()))
    with pytest.raises(SchemaError, match=r"columns\.amount: 'sum \* day'.*a\.csv.*\*\(VARCHAR, VARCHAR\)"):
        read({"a.csv": raw["a.csv"]}, options(payments(columns={"amount": "sum * day"})))
    with pytest.raises(MissingError, match=r"source\.tables\.transactions\.files.*'\*\.csv'.*c\.txt"):
        read({"c.txt": raw["a.csv"]}, options(payments()))


def test_a_row_may_be_two_events() -> None:
    ordered = payments()["transactions"]
    returned = {**ordered, "columns": {**PAYMENTS, "event_at": "back", "kind": "'refund'"}}
    raw = {"a.csv": csv("a,2024-01-01,2024-01-09,5", names="who,day,back,sum")}
    parts, counts, _ = read(raw, options({"transactions": [ordered, returned]}))
    assert [row["kind"] for row in rows(parts["transactions"])] == ["payment", "refund"]
    assert len({row["transaction_id"] for row in rows(parts["transactions"])}) == 2
    assert counts["transactions"].read == {"a.csv": 2}


def test_a_customer_without_events_is_one() -> None:
    people = {"files": "people.txt", "columns": {"customer_id": "id", "event_at": "since", "joined_at": "since"}}
    raw = {"a.csv": csv("a,2024-01-02,5"), "people.txt": csv("a,2024-01-01", "b,2024-01-01", names="id,since")}
    parts, _, _ = read(raw, options({**payments(), "customers": people}))
    assert [row["customer_id"] for row in rows(parts["customers"])] == ["a", "b"]
    assert rows(parts["customers"])[0]["region"] is None


def test_use_makes_a_customer_join_when_it_happened_and_not_at_midnight() -> None:
    use = {"files": "*.csv", "columns": {"customer_id": "who", "event_at": "day"}}
    raw = {"a.csv": csv("a,2024-01-01 10:00,5", "a,2024-01-01 15:00,5")}
    parts, _, _ = read(raw, options({**payments(), "usage": use}))
    assert [row["joined_at"] for row in rows(parts["customers"])] == [datetime(2024, 1, 1, 10)]


def test_the_example_of_the_readme_is_one(root: Path) -> None:
    [block] = re.findall(r"```yaml\n(source:.*?)```", (root / "docs" / "your_event_log.md").read_text(), re.DOTALL)
    source = yaml.safe_load(block)["source"]
    assert set(SOURCE.declare(EventLogOptions.model_validate(source))) == {"customers", "transactions", "usage"}


OURS = (
    *("file", "content", "dropped", "problem", "raw", "copy", "is_duplicate", "key", "customer", "customer_id"),
    *("event_at", "known_at", "kind", "amount", "every", "marked", "events", "seen", "attempted", "copied"),
)


@pytest.mark.parametrize("case", [str.lower, str.upper, str.title])
def test_files_may_call_their_columns_like_columns_of_ours(case: Any) -> None:
    """Of each such column something else is read than of ours of that name; filters and keys too.

    The filter of each column drops a row of its own, and eight rows are kept.
    """
    names = [case(name) for name in OURS]
    places = range(len(names) + 8)
    values = {name: [f"{name}-{n}" for n in places] for name in names}
    of_row = {"who": [f"c{n // 2}" for n in places], "day": [f"2024-05-{n + 1:02}" for n in places]}
    rows_of_file = pa.table({**values, **of_row, "sum": [str(n) for n in places]})
    files = {"a.csv": rows_of_file, "b.csv": rows_of_file}
    every = "concat_ws('/', " + ", ".join(f'"{name}"' for name in names) + ")"
    drop = {name: f"\"{name}\" = '{name}-{n}'" for n, name in enumerate(names)}
    parts, counts, _ = read(files, options(payments(columns={"transaction_id": every}, drop=drop)))
    found, kept = rows(parts["transactions"]), places[len(names) :]
    assert [row["transaction_id"] for row in found] == ["/".join(f"{name}-{n}" for name in names) for n in kept]
    assert [(row["customer_id"], row["amount"], row["event_at"].day) for row in found] == [
        (f"c{n // 2}", float(n), n + 1) for n in kept
    ]
    assert (counts["transactions"].dropped, counts["transactions"].duplicates) == (dict.fromkeys(names, 1), len(places))


@pytest.mark.parametrize("name", ["(file)", "(reason)", "event_at: attempt"])
def test_the_few_names_that_a_file_cannot_have_are_refused(name: str) -> None:
    files = {"a.csv": csv("a,2024-05-01,1,x", names=f"who,day,sum,{name}")}
    with pytest.raises(SchemaError, match=r"source\.tables\.transactions\.rename: a\.csv has columns"):
        read(files, options(payments()))


def test_two_columns_that_a_renaming_makes_alike_are_refused_in_any_letters() -> None:
    files = {"a.csv": csv("a,2024-05-01,1,x", names="who,day,sum,other")}
    with pytest.raises(SchemaError, match=r"then has \['WHO'\] twice"):
        read(files, options(payments(rename={"other": "WHO"})))


def test_files_that_write_a_column_in_other_letters_are_one_table() -> None:
    """DuckDB takes Who for who; a row that cannot be mapped is kept with the texts of both."""
    files = {"a.csv": csv("a,soon,1"), "b.csv": csv("b,2024-05-01,2", names="Who,Day,Sum")}
    parts, counts, lost = read(files, options(payments()))
    assert [(row["customer_id"], row["amount"]) for row in rows(parts["transactions"])] == [("b", 2.0)]
    assert counts["transactions"].unmapped == {"unreadable event_at": 1}
    assert lost["transactions"].num_rows == 1


@pytest.mark.parametrize(("text", "is_read"), [(str(2**53 - 1), True), (str(2**53 + 1), False), ("9e18", False)])
def test_a_whole_number_that_a_double_cannot_hold_is_told_with_its_text(text: str, is_read: bool) -> None:
    files = {"a.csv": csv(f"a,2024-05-01,{text}", names="who,day,n")}
    of = {"usage": {"files": "*.csv", "columns": {"customer_id": "who", "event_at": "day", "actions": "n"}}}
    [row] = rows(read(files, options(of))[0]["usage"])
    assert (row["actions"], row.get("actions__unreadable")) == ((int(text), None) if is_read else (None, text))
