"""The demo world as a source: what it delivers, and when."""

import io
from collections.abc import Iterator
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from features.schema import Column, Table
from features.source import Part
from features.sources.simulated import SOURCE, SimulatedOptions
from features.tables import CANONICAL
from features.world.truth import TRUTH

EVENTS = ("contracts", "usage", "transactions", "interactions", "surveys", "treatments")
OPTIONS = SimulatedOptions(customers=2000, months=24)


def read(**changes: object) -> list[Part]:
    return list(SOURCE.read({}, OPTIONS.model_copy(update=changes)))


def parquet(rows: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(rows, sink)
    return sink.getvalue()


@pytest.fixture(scope="module")
def parts() -> list[Part]:
    return read()


@pytest.fixture(scope="module")
def frames(parts: list[Part]) -> dict[str, pd.DataFrame]:
    return {
        name: pa.concat_tables([part.rows for part in parts if part.table == name]).to_pandas() for name in CANONICAL
    }


def latest(frame: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    return frame.sort_values("known_at", kind="stable").groupby(key, as_index=False).last()


def test_a_longer_world_begins_with_the_shorter_one_byte_for_byte(parts: list[Part]) -> None:
    longer = [part for part in read(months=25) if part.name != "2026-01"]
    assert [(part.table, part.name) for part in longer] == [(part.table, part.name) for part in parts]
    for one, other in zip(parts, longer, strict=True):
        assert one.rows.equals(other.rows)
        assert parquet(one.rows) == parquet(other.rows)


def test_the_truth_of_a_longer_world_begins_with_that_of_the_shorter_one() -> None:
    assert SOURCE.truth is not None
    short, longer = (list(SOURCE.truth(OPTIONS.model_copy(update={"customers": 300, "months": n}))) for n in (7, 10))
    assert [part.name for part in short] == ["2024-04", "2024-07"]
    assert [part.name for part in longer] == ["2024-04", "2024-07", "2024-10"]
    assert all(one.rows.equals(other.rows) for one, other in zip(short, longer, strict=False))


def test_the_seed_alone_decides() -> None:
    one, same, other = (read(customers=200, months=4, seed=seed) for seed in (1, 1, 2))
    assert [parquet(part.rows) for part in one] == [parquet(part.rows) for part in same]
    by_name = {(part.table, part.name): part.rows for part in other}
    assert not any(part.rows.equals(by_name.get((part.table, part.name))) for part in one)


def test_a_world_of_any_size_can_be_made() -> None:
    assert {part.table for part in read(customers=1, months=1)} >= {"customers", "contracts"}
    joined = pa.concat_tables([part.rows for part in read(customers=137, months=24) if part.table == "customers"])
    assert joined["customer_id"].to_pylist() == [f"C{number:07d}" for number in range(1, 138)]


@pytest.mark.parametrize("wrong", [{"start": date(2024, 1, 2)}, {"months": 0}, {"customers": 0}, {"seed": -1}])
def test_options_that_make_no_world_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SimulatedOptions.model_validate(wrong)


def test_the_extract_ends_where_the_last_month_ends() -> None:
    assert SOURCE.extracted_at(OPTIONS) == "2026-01-01T00:00:00"
    assert SOURCE.extracted_at(SimulatedOptions(months=1, start=date(2024, 2, 1))) == "2024-03-01T00:00:00"


def test_parts_come_month_after_month_and_none_is_empty(parts: list[Part]) -> None:
    names = [part.name for part in parts]
    assert names == sorted(names)
    assert set(names) == {str(month) for month in pd.period_range("2024-01", "2025-12", freq="M")}
    assert all(part.rows.num_rows for part in parts)


def test_every_part_is_as_declared(parts: list[Part]) -> None:
    declared = SOURCE.declare(OPTIONS)
    assert {part.table for part in parts} == set(declared)
    for part in parts:
        assert_as_declared(part.rows, declared[part.table])
    assert SOURCE.truth is not None
    for part in SOURCE.truth(OPTIONS.model_copy(update={"customers": 200, "months": 4})):
        assert_as_declared(part.rows, TRUTH)


def assert_as_declared(rows: pa.Table, table: Table) -> None:
    wanted = pa.schema([(column.name, pa.type_for_alias(column.arrow_type)) for column in table.columns])
    assert rows.schema.equals(wanted)
    for column in table.columns:
        assert not list(faults(rows[column.name], column)), (table.name, column.name)


def faults(values: pa.ChunkedArray, column: Column) -> Iterator[str]:
    if values.null_count and not column.nullable:
        yield "missing"
    known = values.drop_null().to_numpy()
    if column.values and set(known) - set(column.values):  # noqa: PD011 - a Column's, not pandas'
        yield "unknown value"
    if column.minimum is not None and (known < column.minimum).any():
        yield "too small"
    if column.maximum is not None and (known > column.maximum).any():
        yield "too large"


@pytest.mark.parametrize("name", CANONICAL)
def test_keys_are_unique_among_rows_known_at_the_same_time(frames: dict[str, pd.DataFrame], name: str) -> None:
    assert not frames[name].duplicated([*CANONICAL[name].key, "known_at"]).any()


def test_nothing_is_delivered_of_a_customer_who_is_not_there_yet_or_any_more(frames: dict[str, pd.DataFrame]) -> None:
    joined = frames["customers"].set_index("customer_id")["joined_at"]
    ended = frames["contracts"].groupby("customer_id")["ended_at"].max()
    assert 0.3 < ended.notna().mean() < 0.8
    for name in EVENTS:
        customers, event_at = frames[name]["customer_id"], frames[name]["event_at"]
        assert (event_at >= customers.map(joined)).all(), name
        left = customers.map(ended)
        assert (left.isna() | (event_at <= left)).all(), name


def test_a_row_is_delivered_with_the_month_in_which_it_becomes_known(parts: list[Part]) -> None:
    for part in parts:
        rows = part.rows.select(["event_at", "known_at"]).to_pandas()
        assert (rows["known_at"] >= rows["event_at"]).all()
        assert (rows["known_at"] < pd.Timestamp(part.name) + pd.DateOffset(months=1)).all()
        if part.name != "2024-01":
            assert (rows["known_at"] >= pd.Timestamp(part.name)).all()


@pytest.mark.parametrize("name", ["contracts", "usage", "transactions", "interactions", "surveys"])
def test_some_rows_are_late_and_some_a_month_late(frames: dict[str, pd.DataFrame], name: str) -> None:
    rows = frames[name]
    late = rows["known_at"] > rows["event_at"]
    assert 0 < late.mean() < 0.5
    assert (rows["known_at"].dt.to_period("M") > rows["event_at"].dt.to_period("M")).any()


@pytest.mark.parametrize(
    ("name", "columns"),
    [("transactions", ["amount"]), ("interactions", ["resolved", "resolved_at"]), ("surveys", ["score"])],
    ids=["transactions", "interactions", "surveys"],
)
def test_a_correction_changes_what_was_wrong_and_when_it_was_known(
    frames: dict[str, pd.DataFrame], name: str, columns: list[str]
) -> None:
    rows, key = frames[name], list(CANONICAL[name].key)
    versions = rows[rows.duplicated(key, keep=False)].sort_values([*key, "known_at"])
    assert 0.005 < len(versions) / len(rows) < 0.6
    first, later = versions.groupby(key).first(), versions.groupby(key).last()
    # Beside a score that comes late stands a comment, or none.
    same = [other for other in rows.columns if other not in (*key, *columns, "known_at", "comment")]
    assert versions.groupby(key)[same].nunique(dropna=False).eq(1).all(axis=None)
    assert (first["known_at"] < later["known_at"]).all()
    assert (versions.groupby(key)[columns].nunique(dropna=False) == 2).all(axis=None)


def test_every_payment_is_the_price_in_force(frames: dict[str, pd.DataFrame]) -> None:
    money = latest(frames["transactions"], ["transaction_id"]).sort_values("event_at")
    # A correction takes up to 34 days: of later payments it may not be delivered yet.
    money = money[money["event_at"] < pd.Timestamp("2025-11-27")]
    prices = frames["contracts"][["customer_id", "event_at", "price"]].sort_values("event_at")
    in_force = pd.merge_asof(money, prices, on="event_at", by="customer_id")
    paid = in_force["kind"] != "refund"
    assert np.array_equal(in_force.loc[paid, "amount"], in_force.loc[paid, "price"])
    assert (in_force.loc[~paid, "amount"] < in_force.loc[~paid, "price"]).all()
    assert in_force.groupby("customer_id")["price"].nunique().max() >= 2


def test_a_contract_is_renewed_when_it_said_and_ends_last(frames: dict[str, pd.DataFrame]) -> None:
    versions = frames["contracts"].sort_values(["contract_id", "event_at"])
    assert versions.groupby("contract_id")["known_at"].is_monotonic_increasing.all()
    assert (versions["renews_at"] > versions["event_at"]).all()
    follower = versions.groupby("contract_id")["event_at"].shift(-1)
    # The founders' renewals before the last one are not delivered.
    within = follower.notna() & (versions["renews_at"] >= pd.Timestamp("2024-01-01"))
    assert (follower[within] <= versions.loc[within, "renews_at"]).all()
    assert not versions.duplicated("contract_id", keep="last")[versions["ended_at"].notna()].any()


def test_there_is_about_as_much_of_everything_as_in_a_business(frames: dict[str, pd.DataFrame]) -> None:
    payments = latest(frames["transactions"], ["transaction_id"])
    months = (payments["kind"] != "refund").sum()
    assert 8 < len(frames["usage"]) / months < 11
    assert 0.14 < frames["interactions"]["interaction_id"].nunique() / months < 0.25
    assert 0.12 < frames["surveys"]["survey_id"].nunique() / months < 0.22
    assert set(frames["surveys"]["touchpoint"]) == {"onboarding", "application", "after_sales", "renewal"}
    assert set(payments["kind"]) == {"payment", "failed", "refund"}
