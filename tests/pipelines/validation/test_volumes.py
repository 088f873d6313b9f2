"""What is usual is worked out by hand here, from a few months of a few rows."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from features.schema import Column, Table
from features.tables import CONTRACTS, CUSTOMERS, SURVEYS, USAGE
from pipelines import storage
from pipelines.validation import volumes
from pipelines.validation.stored import Stored
from pipelines.validation.volumes import Volume

AT = datetime(2024, 6, 1)


def stored(table: Table, rows: Mapping[str, int]) -> Stored:
    schema = pa.schema([(c.name, pa.timestamp("us") if c.type == "timestamp" else pa.string()) for c in table.columns])
    return Stored(table, {part: Path(f"{part}.parquet") for part in rows}, dict.fromkeys(rows, schema), rows)


def months(*rows: int, first: int = 1) -> dict[str, int]:
    return {f"2024-{month:02d}": count for month, count in enumerate(rows, start=first)}


def judged(at: datetime | None = AT, **tables: Stored) -> list[Volume]:
    return list(volumes.of_months(tables, at))


def in_may(table: str, rows: int, usual: float) -> Volume:
    return Volume(table, "in 2024-05", rows, usual)


def test_the_newest_month_is_compared_with_the_mean_of_the_three_before_without_the_first() -> None:
    usage = stored(USAGE, months(9999, 77, 40, 51, 60, 100))
    assert judged(usage=usage) == [in_may("usage", 60, 56.0)]
    without_end = Volume("usage", "in 2024-06", 100, 151 / 3)
    assert judged(None, usage=usage) == [without_end]


def test_two_months_before_are_enough_and_one_is_not() -> None:
    assert judged(usage=stored(USAGE, months(9999, 40, 50, 60, first=2))) == [in_may("usage", 60, 45.0)]
    assert judged(usage=stored(USAGE, months(9999, 50, 60, first=3))) == []


def test_of_fewer_than_thirty_rows_nothing_is_usual() -> None:
    assert judged(usage=stored(USAGE, months(99, 29, 29, 29, 5))) == []
    assert judged(usage=stored(USAGE, months(99, 30, 30, 30, 5))) == [in_may("usage", 5, 30.0)]


def test_a_table_that_came_every_month_and_then_stopped_has_no_rows() -> None:
    usage, contracts = stored(USAGE, months(50, 50, 50, 50)), stored(CONTRACTS, months(50, 50, 50, 50, 50))
    assert judged(usage=usage, contracts=contracts) == [in_may("usage", 0, 50.0), in_may("contracts", 50, 50.0)]


def test_a_table_that_comes_seldom_is_judged_by_its_own_newest_part() -> None:
    seldom = stored(SURVEYS, {"2023-04": 90, "2023-08": 100, "2023-12": 110, "2024-04": 120})
    found = judged(surveys=seldom, contracts=stored(CONTRACTS, months(50, 50, 50, 50, 50)))
    assert found[0] == Volume("surveys", "in 2024-04", 120, 105.0)


def test_of_a_month_cut_short_by_the_extraction_the_same_first_days_are_counted(tmp_path: Path) -> None:
    hours = {1: 5, 2: 100, 3: 200, 4: 300, 5: 60}
    files = {}
    for month, count in hours.items():
        known_at = [datetime(2024, month, 1) + timedelta(hours=hour) for hour in range(count)]
        files[f"2024-{month:02d}"] = tmp_path / f"{month}.parquet"
        rows = pa.table({"known_at": pa.array(known_at, pa.timestamp("us"))})
        storage.write_parquet(files[f"2024-{month:02d}"], rows)
    table = Stored(
        USAGE,
        files,
        {part: stored(USAGE, {part: 1}).schemas[part] for part in files},
        {part: hours[number] for number, part in enumerate(files, start=1)},
    )
    # 60 hours of May had passed: February, March and April had 60 rows by then, and May has all its 60.
    assert judged(datetime(2024, 5, 3, 12), usage=table) == [in_may("usage", 60, 60.0)]


def test_a_table_without_dates_is_compared_with_its_file_in_the_version_before() -> None:
    plain = Table("customers", "rows", ("customer_id",), (Column("customer_id", "text", "the customer"),))
    tables = {"customers": stored(plain, {"all": 70})}
    history = [{"files": {"a.csv": {"rows": rows}, "b.csv": {"rows": 1}}} for rows in (10, 60, 70)]
    assert list(volumes.of_versions(tables, history, file="a.csv")) == [Volume("customers", "in this version", 70, 60)]
    assert list(volumes.of_versions(tables, history[:1], file="a.csv")) == []
    assert list(volumes.of_versions(tables, history, file="new.csv")) == []
    assert list(volumes.of_versions({"customers": stored(CUSTOMERS, {"2024-01": 5})}, history, file="a.csv")) == []


@pytest.mark.parametrize(("change", "low", "high"), [(0.5, 50, 150), (0.1, 90, 110), (2.0, 0, 300)])
def test_the_bounds_are_a_share_of_what_is_usual(change: float, low: float, high: float) -> None:
    (demand,) = volumes.batch([Volume("usage", "in 2024-05", 70, 100.0)], change).demands
    assert demand.arguments == {"column": "usage", "min_value": pytest.approx(low), "max_value": pytest.approx(high)}
