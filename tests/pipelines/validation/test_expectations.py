"""Great Expectations must agree with a plain reading of the declarations, and draw a page that is safe to open."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from math import isinf, isnan
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.schema import Column, Table
from pipelines.files import storage
from pipelines.validation import batches, expectations, findings, stored
from pipelines.validation.batches import Batch
from pipelines.validation.demand import Demand
from pipelines.validation.findings import JudgedBatch
from pipelines.validation.suites import row_demands

AT = datetime(2024, 3, 1)
CUSTOMERS = Table("customers", "who", ("customer_id",), (Column("customer_id", "text", "the customer", nullable=True),))
VISITS = Table(
    "visits",
    "what is tried",
    key=("visit",),
    columns=(
        Column("visit", "text", "the visit"),
        Column("customer_id", "text", "the customer", nullable=True, references="customers.customer_id"),
        Column("event_at", "timestamp", "when"),
        Column("known_at", "timestamp", "when known"),
        Column("next_at", "timestamp", "when it is planned", nullable=True, may_be_future=True),
        Column("pages", "integer", "pages", nullable=True, minimum=1, maximum=9),
        Column("price", "number", "price", maximum=2.5),
        Column("device", "category", "device", nullable=True, values=("phone", "desk top")),
        Column("note", "text", "free text", nullable=True),
    ),
)
DATES = [AT + timedelta(days=days) for days in (-2, -1, 0, 1)]
ROWS = st.fixed_dictionaries(
    {
        "visit": st.sampled_from(["v1", "v2", "v3", None]),
        "customer_id": st.sampled_from(["c1", "c2", "nobody", None]),
        "event_at": st.sampled_from([*DATES, None]),
        "known_at": st.sampled_from([*DATES, None]),
        "next_at": st.sampled_from([*DATES, None]),
        "pages": st.sampled_from([0, 1, 9, 10, None]),
        "price": st.sampled_from([-1e9, 2.5, 2.6, float("inf"), float("-inf"), float("nan"), None]),
        "device": st.sampled_from(["phone", "desk top", "Phone", "", None]),
        "note": st.sampled_from(["", "text", None]),
    }
)


def write(folder: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    plain = {column.name: [row[column.name] for row in rows] for column in VISITS.columns}
    types = {"timestamp": pa.timestamp("us"), "integer": pa.int64(), "number": pa.float64()}
    arrays = {one.name: pa.array(plain[one.name], types.get(one.type, pa.string())) for one in VISITS.columns}
    storage.write_parquet(folder / "visits" / "2024-02.parquet", pa.table(arrays))
    storage.write_parquet(folder / "customers" / "all.parquet", pa.table({"customer_id": ["c1", "c2"]}))


def batches_of(folder: Path, **options: Any) -> list[Batch]:
    tables = stored.tables_of(folder, {"customers": CUSTOMERS, "visits": VISITS})
    with batches.opened() as connection:
        return list(batches.of_rows(connection, "visits", tables=tables, extracted_at=AT, **options))


def oracle(rows: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], list[int]]:
    """The positions of the rows that break each declaration of VISITS, read off one by one."""

    def is_bad(row: Mapping[str, Any]) -> dict[tuple[str, str], bool]:
        event_at, known_at, pages, price = row["event_at"], row["known_at"], row["pages"], row["price"]
        late = "must not be after the extraction at 2024-03-01 00:00:00"
        twins = [one for one in rows if (one["visit"], one["known_at"]) == (row["visit"], known_at)]
        return {
            ("visit + known_at", "must be unique together"): None not in (row["visit"], known_at) and len(twins) > 1,
            ("visit", "must not be missing"): row["visit"] is None,
            ("customer_id", "must occur in customers.customer_id"): row["customer_id"] == "nobody",
            ("event_at", "must not be missing"): event_at is None,
            ("event_at", late): event_at is not None and event_at > AT,
            ("known_at", "must not be missing"): known_at is None,
            ("known_at", late): known_at is not None and known_at > AT,
            ("known_at", "must not be before event_at"): None not in (event_at, known_at) and known_at < event_at,
            ("pages", "must be between 1 and 9"): pages is not None and not 1 <= pages <= 9,
            ("price", "must not be missing"): price is None or isnan(price),
            ("price", "must be at most 2.5 and finite"): price is not None and (price > 2.5 or isinf(price)),
            ("device", "must be one of phone, desk top"): row["device"] in ("Phone", ""),
        }

    told = [is_bad(row) for row in rows]
    found = {demand: [place for place, one in enumerate(told) if one[demand]] for demand in told[0]}
    return {demand: places for demand, places in found.items() if places}


@settings(max_examples=5, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROWS, min_size=1, max_size=40))
def test_the_rows_found_are_those_that_a_plain_reading_finds(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    write(tmp_path, rows)
    (batch,) = batches_of(tmp_path)
    numbered = Batch(batch.name, batch.rows.append_column("row", pa.array(range(len(rows)))), batch.demands, ("row",))
    found = expectations.judge(numbered).findings
    assert {
        (one.demand.column, one.demand.words): [int(key.removeprefix("row=")) for key in one.rows["key"].to_pylist()]
        for one in found
    } == oracle(rows)


def test_what_is_found_in_several_batches_adds_up(tmp_path: Path) -> None:
    plain: dict[str, Any] = {**dict.fromkeys(VISITS.names), "event_at": AT, "known_at": AT, "price": 1.0}
    rows = [plain | {"visit": f"v{row}", "pages": row % 10} for row in range(9000)]
    write(tmp_path, rows)
    several = batches_of(tmp_path, at_most=4000)
    assert [batch.name for batch in several] == ["visits", "visits (2)", "visits (3)"]
    assert all(batch.rows.num_rows <= 4096 for batch in several)
    summary = findings.summary([expectations.judge(batch) for batch in several])
    assert [(one["column"], one["count"], one["share"], one["examples"]) for one in summary["broken"]] == [
        ("pages", 900, 0.1, [0])
    ]
    assert summary["expectations"] == len(several[0].demands)


def test_free_text_is_not_even_read_and_what_is_planned_may_lie_ahead() -> None:
    demands = row_demands(VISITS, sound=VISITS.names, unread=(), extracted_at=AT)
    assert not [demand for demand in demands if "note" in demand.needs]
    assert [demand.words for demand in demands if demand.column == "next_at"] == [
        "must not be before 1990-01-01",
        f"must not be over 20 years after the extraction at {AT}",
    ]


NASTY = '<script>alert("x")</script>'


def judged_nasty() -> JudgedBatch:
    phones = {"column": "device", "value_set": ["phone"]}
    demand = Demand("visits", "device", "must be one of phone", "ExpectColumnValuesToBeInSet", phones, shows="device")
    rows = pa.table({"device": ["phone", NASTY], "visit": ["v1", "<b>v2"]})
    return expectations.judge(Batch("visits", rows, (demand,), ("visit",)))


def test_the_page_needs_no_network_shows_values_as_text_and_is_the_same_each_time() -> None:
    pages = [expectations.data_docs([judged_nasty()], title="Visits", broken=[f"visits: {NASTY}"]) for _ in range(2)]
    assert pages[0] == pages[1]
    assert "http" not in pages[0]
    assert "<script" not in pages[0]
    assert "<b>" not in pages[0]
    assert pages[0].count("&lt;script&gt;") == 2
    assert "visit=&lt;b&gt;v2" in pages[0]


def test_an_expectation_that_cannot_be_judged_is_a_bug_and_no_fault_of_the_data() -> None:
    bounds = {"column": "device", "min_value": 1}
    unfit = Demand("visits", "device", "must be at least 1", "ExpectColumnValuesToBeBetween", bounds)
    with pytest.raises(RuntimeError, match="cannot judge"):
        expectations.judge(Batch("visits", pa.table({"device": ["a", "b"]}), (unfit,), ("device",)))
