"""Months and ages of tables, counted by hand."""

from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from features.schema import Column, Table
from pipelines.jobs.monitoring import tables_seen
from pipelines.validation import stored

VISITS = Table(
    "customers",
    "visits",
    ("customer_id",),
    (Column("customer_id", "text", "who"), Column("known_at", "timestamp", "when")),
)
AT = date(2026, 1, 1)


def seen(folder: Path, moments: list[datetime], *, at: date = AT) -> list[tables_seen.DaysOfTable]:
    part = folder / "customers"
    part.mkdir()
    rows = pa.table({"customer_id": ["c"] * len(moments), "known_at": pa.array(moments, pa.timestamp("us"))})
    pq.write_table(rows, part / "all.parquet")
    return list(tables_seen.days_of(stored.tables_of(folder, {"customers": VISITS}), at=at))


def test_days_are_counted_up_to_the_date_and_no_later(tmp_path: Path) -> None:
    moments = [datetime(2025, 12, 30, 9), datetime(2025, 12, 30, 10), datetime(2025, 12, 31), datetime(2026, 1, 2)]
    (found,) = seen(tmp_path, moments)
    assert found.rows.tolist() == [2.0, 1.0]
    assert tables_seen.age(found, at=AT).age_days == 1.0
    assert tables_seen.age(found, at=AT).gaps_days.tolist() == [1.0]


def test_a_table_that_has_ended_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "customers").mkdir()
    rows = pa.table({"customer_id": ["c"], "known_at": pa.array([datetime(2025, 1, 1)], pa.timestamp("us"))})
    pq.write_table(rows, tmp_path / "customers" / "all.parquet")
    tables = stored.tables_of(tmp_path, {"customers": VISITS})
    assert list(tables_seen.dated(tables)) == ["customers"]
    assert not tables_seen.dated(tables, ended=("customers",))


def days(first: date, last: date, *, each: int = 1) -> tables_seen.DaysOfTable:
    every = [first + timedelta(days=k) for k in range(0, (last - first).days + 1, each)]
    numbers = np.array([(one - date(1970, 1, 1)).days for one in every], dtype=float)
    return tables_seen.DaysOfTable("visits", numbers, np.ones(len(every)))


def test_a_month_has_its_days_and_the_first_is_left_out() -> None:
    found = tables_seen.volume(days(date(2025, 9, 20), date(2025, 12, 31)), at=AT)
    assert found is not None
    assert found.rows == 31
    assert found.before.tolist() == [31.0, 30.0]
    assert found.last_year is None


def test_the_same_month_of_last_year_is_the_twelfth_before() -> None:
    found = tables_seen.volume(days(date(2023, 1, 1), date(2026, 2, 27)), at=date(2026, 3, 1))
    assert found is not None
    assert found.rows == 27
    assert found.last_year is not None
    assert found.before[found.last_year] == 28
    assert len(found.before) == tables_seen.MONTHS


def test_a_table_that_began_this_month_has_nothing_to_compare_with() -> None:
    assert tables_seen.volume(days(date(2025, 12, 10), date(2025, 12, 31)), at=AT) is None
    old = tables_seen.volume(days(date(2020, 1, 1), date(2020, 2, 1)), at=AT)
    assert old is not None
    assert not old.before.any()
