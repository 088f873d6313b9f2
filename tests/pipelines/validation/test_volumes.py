"""What is usual is worked out by hand here, from a few months of a few rows."""

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.schema import Column, Table
from features.tables import CONTRACTS, CUSTOMERS, SURVEYS, USAGE
from pipelines.files import storage
from pipelines.validation import volumes
from pipelines.validation.stored import Stored
from pipelines.validation.volumes import Volume

AT = datetime(2024, 6, 1)


def stored(table: Table, rows: Mapping[str, int]) -> Stored:
    schema = pa.schema([(c.name, pa.timestamp("us") if c.type == "timestamp" else pa.string()) for c in table.columns])
    return Stored(table, {part: Path(f"{part}.parquet") for part in rows}, dict.fromkeys(rows, schema), rows)


def months(*rows: int, first: int = 1) -> dict[str, int]:
    return {f"2024-{month:02d}": count for month, count in enumerate(rows, start=first)}


def judged(at: datetime | None = AT, *, is_said: bool = True, **tables: Stored) -> list[Volume]:
    return list(volumes.of_months(tables, at, is_said=is_said))


def in_may(table: str, rows: int, usual: float, months: int = 3) -> Volume:
    return Volume(table, "in 2024-05", rows, usual, months)


def test_the_newest_month_is_compared_with_the_mean_of_the_three_before_without_the_first() -> None:
    usage = stored(USAGE, months(9999, 77, 40, 51, 60, 100))
    assert judged(usage=usage) == [in_may("usage", 60, 56.0)]
    without_end = Volume("usage", "in 2024-06", 100, 151 / 3, 3)
    assert judged(None, usage=usage) == [without_end]


def test_two_months_before_are_enough_and_one_is_not() -> None:
    assert judged(usage=stored(USAGE, months(9999, 40, 50, 60, first=2))) == [in_may("usage", 60, 45.0, months=2)]
    assert judged(usage=stored(USAGE, months(9999, 50, 60, first=3))) == []


def refused(found: list[Volume], change: float = 0.5) -> list[Volume]:
    return [one for one in found if not one.bounds(change)[0] <= one.rows <= one.bounds(change)[1]]


COUNTS = st.lists(st.integers(0, 80), min_size=2, max_size=3).filter(sum)


@settings(deadline=None)
@given(COUNTS, st.sampled_from([0.1, 0.5, 1.0, 2.0]))
def test_the_bounds_are_where_chance_alone_gives_so_few_or_so_many(before: list[int], change: float) -> None:
    """The oracle tries every count, and of each the tail of the binomial by its definition."""
    total, months = sum(before), len(before)
    low, high = Volume("usage", "in 2024-05", 0, total / months, months).bounds(change)

    def tail(count: int, rate: float, *, upper: bool) -> float:
        size, share = count + total, rate / (rate + months)
        counts = range(count, size + 1) if upper else range(count + 1)
        return math.fsum(math.comb(size, n) * share**n * (1 - share) ** (size - n) for n in counts)

    few = [n for n in range(200) if n / (total / months) < 1 - change and tail(n, 1 - change, upper=False) < 0.005]
    assert low == (max(few) + 1 if few else 0)
    many = [n for n in range(400) if n / (total / months) > 1 + change and tail(n, 1 + change, upper=True) < 0.005]
    assert high == min(many) - 1


def test_sound_months_of_few_rows_are_hardly_ever_refused_and_a_stopped_one_is() -> None:
    """20,000 draws at each rate, allowed to halve: at a rate that did, the share that is refused is at most alpha."""
    rng = np.random.default_rng(0)
    for rate in (4.0, 15.0, 60.0):
        for now, most in ((rate, 0.0005), (rate / 2, volumes.ALPHA)):
            before = rng.poisson(rate, (20_000, 3)).sum(axis=1)
            rows = rng.poisson(now, 20_000)
            fewest = {total: Volume("x", "", 0, total / 3, 3).bounds(0.5)[0] for total in set(before.tolist()) if total}
            wrong = np.mean([n < fewest.get(total, 0) for n, total in zip(rows.tolist(), before.tolist(), strict=True)])
            assert wrong <= most + 3 * math.sqrt(most / 20_000), (rate, now)
    assert refused(judged(usage=stored(USAGE, months(99, 15, 14, 16, 0))))
    assert not refused(judged(usage=stored(USAGE, months(99, 4, 3, 4, 1))))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 60), min_size=4, max_size=9), st.integers(1, 5))
def test_a_month_with_fewer_rows_is_no_sounder_than_one_with_more(rows: list[int], fewer: int) -> None:
    """Where a month with so many rows has too few, the same month with less, or with none, has too few as well."""
    newest = len(rows) + 1
    other = stored(CONTRACTS, months(*[50] * newest))
    for count in range(fewer + 12, 0, -1):
        found = {
            n: bool(
                refused([one for one in judged(at_end(newest), usage=part, contracts=other) if one.table == "usage"])
            )
            for n, part in ((n, stored(USAGE, present([*rows, n]))) for n in (count, count - 1, 0))
        }
        if found[count]:
            assert found[count - 1]
            assert found[0]


def present(rows: list[int]) -> dict[str, int]:
    """Months of which those without rows have no part."""
    return {month: count for month, count in months(99, *rows).items() if count}


def at_end(month: int) -> datetime:
    return datetime(2024, month + 1, 1) if month < 12 else datetime(2025, 1, 1)


def test_customers_who_are_made_of_other_tables_and_tables_that_ended_are_not_judged() -> None:
    made, table = replace(CUSTOMERS, is_made=True), months(500, 40, 41, 39, 1)
    assert len(refused(judged(customers=stored(CUSTOMERS, table)))) == 1
    assert judged(customers=stored(made, table)) == []
    assert list(volumes.of_months({"usage": stored(USAGE, table)}, AT, ended=("usage",))) == []


def test_a_month_that_has_hardly_begun_is_not_judged_and_a_table_long_silent_has_ended() -> None:
    """Dates without a time: all of the first of June is its first microsecond."""
    table = months(99, 40, 41, 39, 42, 2000)
    assert judged(datetime(2024, 6, 1, 0, 0, 0, 1), usage=stored(USAGE, table)) == [in_may("usage", 42, 40.0)]
    alive, silent = stored(CONTRACTS, months(*[50] * 12)), stored(USAGE, months(99, 40, 41, 39))
    for month, rows in ((4, 39), (5, 0), (7, 0), (8, 39)):
        [found] = [one for one in judged(at_end(month), usage=silent, contracts=alive) if one.table == "usage"]
        assert found.rows == rows


@pytest.mark.parametrize(("rows", "words"), [(3, "volume_change: 1"), (400, "volume_change: 9"), (0, "ended: [usage]")])
def test_the_line_that_a_refusal_names_lets_the_rows_pass(rows: int, words: str) -> None:
    at, other = AT, stored(CONTRACTS, months(50, 50, 50, 50, 50))
    usage = stored(USAGE, present([40, 40, 40, rows]))
    (demand,) = volumes.batch(refused(judged(at, usage=usage, contracts=other)), 0.5).demands
    assert f"`validation.{words}`" in demand.remedy
    if rows:
        change = float(demand.remedy.split(": ")[1].rstrip("`"))
        assert not refused(judged(at, usage=usage, contracts=other), change)
    else:
        assert not refused(list(volumes.of_months({"usage": usage, "contracts": other}, at, ended=("usage",))))


def test_a_last_month_of_two_orders_is_told_as_unfinished_where_nobody_said_when_the_export_was_taken(
    tmp_path: Path,
) -> None:
    """Two orders, the last on the 20th; the months before have one an hour."""
    files = {}
    for month in (1, 2, 3, 4, 5):
        files[f"2024-{month:02d}"] = tmp_path / f"{month}.parquet"
        hours = range(600) if month < 5 else (0, 470)
        known_at = [datetime(2024, month, 1) + timedelta(hours=hour) for hour in hours]
        storage.write_parquet(
            files[f"2024-{month:02d}"], pa.table({"known_at": pa.array(known_at, pa.timestamp("us"))})
        )
    rows = {part: 2 if part == "2024-05" else 600 for part in files}
    table = Stored(USAGE, files, stored(USAGE, rows).schemas, rows)
    end = datetime(2024, 5, 20, 14, 0, 0, 1)
    for is_said, words in (
        (False, "the last month looks unfinished: 471 rows are usual in 2024-05"),
        (True, "must have"),
    ):
        found = judged(end, is_said=is_said, usage=table)
        assert refused(found)
        (demand,) = volumes.batch(found, 0.5).demands
        assert demand.words.startswith(words)
        assert ("source.extracted_at" in demand.remedy) != is_said


def test_a_table_that_came_every_month_and_then_stopped_has_no_rows() -> None:
    usage, contracts = stored(USAGE, months(50, 50, 50, 50)), stored(CONTRACTS, months(50, 50, 50, 50, 50))
    assert judged(usage=usage, contracts=contracts) == [in_may("usage", 0, 50.0), in_may("contracts", 50, 50.0)]


def test_a_table_that_comes_seldom_is_judged_by_its_own_newest_part() -> None:
    seldom = stored(SURVEYS, {"2023-04": 90, "2023-08": 100, "2023-12": 110, "2024-04": 120})
    found = judged(surveys=seldom, contracts=stored(CONTRACTS, months(50, 50, 50, 50, 50)))
    assert found[0] == Volume("surveys", "in 2024-04", 120, 105.0, 2)
    late = judged(datetime(2024, 10, 1), surveys=seldom, contracts=stored(CONTRACTS, months(*[50] * 9)))
    assert late[0] == Volume("surveys", "in 2024-08", 0, 110.0, 3)
    uneven = stored(SURVEYS, {"2023-04": 90, "2023-08": 100, "2023-11": 110, "2024-04": 2})
    assert refused(judged(surveys=uneven, contracts=stored(CONTRACTS, months(50, 50, 50, 50, 50)))) == []


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
