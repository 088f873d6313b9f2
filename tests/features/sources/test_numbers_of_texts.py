"""A number is what people write as one: in a table and in a log alike."""

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.source import Part
from features.sources.event_log import SOURCE as EVENT_LOG
from features.sources.table import SOURCE as TABLE
from tests.features.sources.memory import MemoryRaw

STRANGE = ["0x10", "0b11", "0o7", "-0x1F", "nan", "NaN", "inf", "-inf", "infinity", "1_000", "many", "1,5", "--1", "."]


def of_table(text: str, type_: str, **changes: Any) -> tuple[Any, Any]:
    columns = {"n": {"type": type_, "nullable": True}}
    plain = {"kind": "table", "file": "a.csv", "key": "who", "columns": columns, **changes}
    raw = MemoryRaw({"a.csv": pa.table({"who": ["a", "b"], "n": [text, "1"]})})
    [part] = [one for one in TABLE.read(raw, TABLE.options.model_validate(plain)) if isinstance(one, Part)]
    row = part.rows.to_pylist()[0]
    return row["n"], row.get("n__unreadable")


def of_log(text: str, expression: str, *, column: str = "amount") -> tuple[Any, Any]:
    mapping = {"customer_id": "who", "event_at": "'2024-01-05'", column: expression}
    mapping |= {"kind": "'payment'"} if column == "amount" else {"usage_id": "who"}
    tables = {"transactions" if column == "amount" else "usage": {"files": "a.csv", "columns": mapping}}
    options = EVENT_LOG.options.model_validate({"kind": "event_log", "time_zone": "UTC", "tables": tables})
    raw = MemoryRaw({"a.csv": pa.table({"who": ["a"], "n": [text]})})
    [part] = [one for one in EVENT_LOG.read(raw, options) if isinstance(one, Part) and one.table in tables]
    [row] = part.rows.to_pylist()
    return row[column], row.get(f"{column}__unreadable")


@pytest.mark.parametrize("text", STRANGE)
@pytest.mark.parametrize("type_", ["integer", "number"])
def test_what_only_a_program_writes_is_unreadable_in_a_table(text: str, type_: str) -> None:
    assert of_table(text, type_) == (None, text)
    assert of_table(text, type_, missing=["", text]) == (None, None)


@pytest.mark.parametrize("text", STRANGE)
@pytest.mark.parametrize("expression", ["n", "n::DOUBLE", "2 * n::INT", "n::DECIMAL(18, 2) / 3", "CAST(n AS BIGINT)"])
def test_what_only_a_program_writes_is_unreadable_in_a_log(text: str, expression: str) -> None:
    assert of_log(text, expression) == (None, text)


def test_a_whole_number_of_another_base_is_none_in_a_log_either() -> None:
    assert of_log("0x10", "n", column="actions") == (None, "0x10")
    assert of_log("16", "n", column="actions") == (16, None)


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.integers(1 - 2**53, 2**53 - 1).map(str), st.floats(-1e30, 1e30).map(repr)))
def test_what_a_number_is_written_as_is_read_as_that_number(text: str) -> None:
    assert of_table(text, "number") == (float(text), None)
    if float(text) >= 0:
        assert of_log(text, "n")[0] == float(text)
