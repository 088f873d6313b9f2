"""An expression of a spec that would take all memory or all time is refused or stopped; a filter is a condition."""

import time
from typing import Any

import pyarrow as pa
import pytest
from pydantic import ValidationError

from features.errors import DataError, HoldfastError, SchemaError, SpecError
from features.event_log import watch
from features.sources.event_log import SOURCE, EventLogOptions
from tests.features.sources.memory import MemoryRaw

COLUMNS = {"customer_id": "who", "event_at": "day", "kind": "'payment'", "amount": "sum"}
SECONDS = 20.0
FILE = pa.table(
    {
        "who": ["ann", "bob", None, "cy"] * 500,
        "day": ["2024-05-01"] * 2_000,
        "sum": ["5"] * 2_000,
        "flag": ["true", "false", None, "0"] * 500,
        "deep": ["30000000"] * 2_000,
    }
)


def read(**mapping: Any) -> dict[str, int]:
    """How many rows each filter dropped."""
    plain = {"files": "a.csv", **mapping, "columns": {**COLUMNS, **mapping.get("columns", {})}}
    source = {"kind": "event_log", "time_zone": "UTC", "refuse_unmapped_above": 1.0, "tables": {"transactions": plain}}
    found = list(SOURCE.read(MemoryRaw({"a.csv": FILE}), EventLogOptions.model_validate(source)))
    return next(dict(one.dropped) for one in found if hasattr(one, "dropped"))


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("len(range(100000000))", "asks range"),
        ("list_sum(generate_series(1, 9))", "asks generate_series"),
        ("repeat(who, 100000000)", r"fills a text 100,000,000"),
        ("count(*)", "asks count_star, which is of many rows"),
        ("who || '" + "x" * 10_001 + "'", "at most 10,000 letters"),
        ("(" * 200 + "who" + ")" * 200, "no SQL expression"),
    ],
)
def test_what_may_grow_without_bound_is_refused_when_the_spec_is_read(expression: str, said: str) -> None:
    with pytest.raises(ValidationError, match=rf"source\.tables\.transactions\.columns\.amount: .*{said}"):
        read(columns={"amount": expression})


def test_a_text_that_the_data_would_make_endless_is_one_that_cannot_be_read() -> None:
    """The length stands in the file; elsewhere the functions are what they always were."""
    assert read(columns={"amount": "repeat(sum, deep::INT)"}) == {}
    assert read(drop={"padded": "lpad(sum, 3, '0') = '005' AND who = 'bob'"}) == {"padded": 500}
    assert read(drop={"twice": "repeat(who, 2) = 'annann'"}) == {"twice": 500}


@pytest.mark.parametrize("expression", ["length(format('{:>400000000}', sum))", "length(printf('%900000000d', 1))"])
def test_what_takes_too_much_is_stopped_on_the_first_rows(expression: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mapping is named, and what it took; a process that holds free memory sees the growth a step later."""
    monkeypatch.setattr(watch, "TRIED_BYTES", 2**27)
    begun = time.monotonic()
    with pytest.raises(SpecError, match=r"source.tables.transactions: over [18] rows .* took (more than|too much)"):
        read(columns={"amount": expression})
    assert time.monotonic() - begun < SECONDS


def test_what_takes_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A query that would count for hours, on the clock of a tenth of a second."""
    monkeypatch.setattr(watch, "TRIED_SECONDS", 0.1)
    raw = MemoryRaw({"a.csv": FILE})
    with (
        pytest.raises(SpecError, match="over 8 rows its expressions took more than 0 seconds"),
        watch.trying(raw.database, "source", 8),
    ):
        raw.database.execute("SELECT count(*) FROM range(1000000000000) WHERE range % 7 = 1").fetchall()
    assert raw.database.execute("SELECT 1").fetchall() == [(1,)]


@pytest.mark.parametrize(
    ("condition", "error", "said"),
    [
        ("who", DataError, r"'who' is no condition: in a.csv it says 'ann', 'bob', 'cy', .* \(who\) = 'ann'"),
        ("sum", DataError, "'sum' is no condition: in a.csv it says '5'"),
        ("day::DATE", SchemaError, "gives DATE"),
        ("[who]", SchemaError, r"gives VARCHAR\[\]"),
        ("false", SchemaError, "names no column and drops nothing"),
        ("NULL", SchemaError, "is no condition"),
        ("'test'", SchemaError, "names no column and drops nothing"),
        ("who::INT > 3", DataError, "cannot be calculated for any of the first 1,000 rows"),
    ],
)
def test_a_filter_that_is_no_condition_is_refused(condition: str, error: type[HoldfastError], said: str) -> None:
    with pytest.raises(error, match=rf"source\.tables\.transactions\.drop\.test: .*{said}"):
        read(drop={"test": condition})


@pytest.mark.parametrize(("condition", "rows"), [("flag", 500), ("sum::INT > 4", 2_000), ("who = 'ann'", 500)])
def test_what_says_yes_or_no_drops_what_it_says(condition: str, rows: int) -> None:
    """A text that says true and false is a condition."""
    further = {"columns": {"kind": "CASE WHEN who = 'x' THEN 'refund' ELSE 'payment' END"}}
    files = FILE if rows < 2_000 else pa.concat_tables([FILE, FILE.set_column(2, "sum", [["1"] * 2_000])])
    plain = {"files": "a.csv", "drop": {"test": condition}, "columns": {**COLUMNS, **further["columns"]}}
    source = {"kind": "event_log", "time_zone": "UTC", "refuse_unmapped_above": 1.0, "tables": {"transactions": plain}}
    found = list(SOURCE.read(MemoryRaw({"a.csv": files}), EventLogOptions.model_validate(source)))
    assert next(dict(one.dropped) for one in found if hasattr(one, "dropped")) == {"test": rows}
