"""Columns looked up in another file: a row stays one row, and what is not there is missing."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from features.errors import DataError, MissingError, SchemaError
from features.source import Part, Reconciled
from features.sources.event_log import SOURCE, EventLogOptions
from tests.features.sources.memory import MemoryRaw

PERSON = {"file": "orders.csv", "key": "order_id", "by": "of_order", "take": "person"}
DAY = {"file": "orders.csv", "key": "order_id", "by": "of_order", "take": "day"}
COLUMNS = {"customer_id": "who", "event_at": "ordered", "kind": "'payment'", "amount": "price"}
ITEMS = {"files": "items.csv", "look_up": {"who": PERSON, "ordered": DAY}, "columns": COLUMNS}


def table(names: str, *rows: str) -> pa.Table:
    cells = [[cell or None for cell in row.split(",")] for row in rows]
    columns = list(zip(*cells, strict=True)) or [()] * len(names.split(","))
    texts = [pa.array(column, pa.string()) for column in columns]
    return pa.table(dict(zip(names.split(","), texts, strict=True)))


ORDERS = table("order_id,person,day", "o1,a,2024-01-05", "o2,b,2024-01-06")


def read(files: Mapping[str, pa.Table], mapping: dict[str, Any]) -> tuple[list[tuple[Any, ...]], Reconciled]:
    plain = {"kind": "event_log", "time_zone": "UTC", "refuse_unmapped_above": 1.0, "tables": {"transactions": mapping}}
    rows, counts = [], None
    for found in SOURCE.read(MemoryRaw(files), EventLogOptions.model_validate(plain)):
        if isinstance(found, Part) and found.table == "transactions":
            rows += found.rows.to_pylist()
        elif isinstance(found, Reconciled):
            counts = found
    assert counts is not None
    return sorted((row["customer_id"], f"{row['event_at']:%m-%d}", row["amount"]) for row in rows), counts


def test_an_item_has_the_day_and_the_person_of_its_order_and_one_of_no_order_is_unmapped() -> None:
    items = table("of_order,price", "o1,5", "o1,5", " o2 ,7", "o9,1", ",2")
    rows, counts = read({"orders.csv": ORDERS, "items.csv": items}, ITEMS)
    assert rows == [("a", "01-05", 5.0), ("a", "01-05", 5.0), ("b", "01-06", 7.0)]
    assert (counts.read, counts.unmapped, counts.adds_up) == ({"items.csv": 5}, {"no customer_id": 2}, True)


def test_a_look_up_may_lead_to_the_next_and_a_filter_sees_what_was_found() -> None:
    people = table("key,value,plan", "a,Ann,plus", "b,Bob,basic")
    name = {"file": "people.csv", "key": "key", "by": "lower(upper(person_key))", "take": "value"}
    plan = {"file": "people.csv", "key": "key", "by": "person_key", "take": "plan"}
    looking = {"person_key": PERSON, "ordered": DAY, "who": name, "plan": plan}
    mapping = {**ITEMS, "look_up": looking, "drop": {"cheap": "plan = 'basic'"}}
    items = table("of_order,price,value,key", "o1,5,x,y", "o2,7,x,y")
    rows, counts = read({"orders.csv": ORDERS, "items.csv": items, "people.csv": people}, mapping)
    assert rows == [("Ann", "01-05", 5.0)]
    assert counts.dropped == {"cheap": 1}


KEYS = st.sampled_from(["o1", "o2", "o3", "o9", ""])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(KEYS, st.sampled_from("ab")), max_size=6), st.lists(KEYS, min_size=1, max_size=6))
def test_the_oracle_of_a_look_up_is_a_dictionary_and_a_key_of_two_values_is_refused(
    orders: list[tuple[str, str]], items: list[str]
) -> None:
    files = {
        "orders.csv": table("order_id,person", *(",".join(one) for one in orders)),
        "items.csv": table("n,of_order", *(f"{n},{key}" for n, key in enumerate(items))),
    }
    columns = {"customer_id": "coalesce(who, 'none')", "event_at": "'2024-01-01'", "kind": "'payment'", "amount": "n"}
    mapping = {"files": "items.csv", "look_up": {"who": PERSON}, "columns": columns}
    several = {key for key, person in orders if key and {(key, one) for one in "ab"} <= set(orders)}
    if several:
        with pytest.raises(
            DataError, match=rf"look_up\.who: {len(several)} keys of orders\.csv lead to several values"
        ):
            read(files, mapping)
        return
    persons = {key: person for key, person in orders if key}
    rows, counts = read(files, mapping)
    assert rows == sorted((persons.get(key, "none"), "01-01", float(n)) for n, key in enumerate(items))
    assert counts.read == {"items.csv": len(items)}


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"file": "gone.csv"}, MissingError, r"look_up\.who\.file: no file 'gone\.csv'"),
        ({"key": "nr"}, SchemaError, r"look_up\.who\.key: orders\.csv has no column 'nr'"),
        ({"by": "nr"}, SchemaError, r"look_up\.who\.by: items\.csv has no column 'nr'"),
        ({"take": "nr"}, SchemaError, r"look_up\.who\.take: orders\.csv has no column 'nr'"),
        ({"key": "day"}, DataError, r"1 keys of orders\.csv lead to .*'2024-01-05' to 'a' and 'c'; a row would become"),
    ],
)
def test_what_cannot_be_looked_up_is_told_with_its_place(change: dict, error: type[Exception], words: str) -> None:
    orders = table("order_id,person,day", "o1,a,2024-01-05", "o3,c,2024-01-05")
    mapping = {**ITEMS, "look_up": {"who": {**PERSON, **change}, "ordered": DAY}}
    with pytest.raises(error, match=words):
        read({"orders.csv": orders, "items.csv": table("of_order,price", "o1,5")}, mapping)


def test_a_name_that_the_file_has_already_and_an_expression_that_is_none_are_refused() -> None:
    files = {"orders.csv": ORDERS, "items.csv": table("of_order,price", "o1,5")}
    taken = {**ITEMS, "look_up": {"price": PERSON}}
    with pytest.raises(SchemaError, match=r"look_up\.price: items\.csv has a column 'price' already"):
        read(files, taken)
    beyond = {**ITEMS, "look_up": {"who": {**PERSON, "take": "first(person) over ()"}}}
    with pytest.raises(ValidationError, match=r"look_up\.who\.take: .*its own row only"):
        read(files, beyond)
