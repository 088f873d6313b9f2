"""What every feature must do: know nothing of the future, of other customers, or of the order of rows."""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.catalog import all_features, features_for
from features.feature import quintile
from features.label import LabelOptions, LabelWindow
from features.labels.cancelled import observed
from features.matrix import placed, spread
from features.tables import CANONICAL, PLACE
from pipelines import engine, matrices, storage
from tests.conformance.small_world import AS_OF, EMPTY, EVENTS, Tables, small_world

FEATURES = all_features()
LOOK_BACK = 180
WINDOW = LabelWindow.after(AS_OF, lead_time_days=14, horizon_days=60)
MONEY = ["spend_30d", "spend_90d", "spend_180d", "spend_trend", "discount_share", "monetary_quintile"]


def rows_of(tables: Tables, folder: Path, *, look_back: int = LOOK_BACK) -> pa.Table:
    """The feature rows of AS_OF over these tables."""
    for name, rows in tables.items():
        storage.write_parquet(folder / name / "all.parquet", rows)
    with engine.opened(folder, CANONICAL) as opened:
        history = opened.history(AS_OF, look_back_days=look_back)
        customers = opened.kept("observed", placed(observed(history, WINDOW, LabelOptions())))
        asked = {"as_of": AS_OF, "look_back_days": look_back, "observed": customers}
        found = list(opened.snapshot(list(FEATURES.values()), **asked))
        names = opened.rows(customers.order_by(PLACE)).select(["customer_id"])
        return matrices.beside([names, *(spread(rows, names.num_rows, FEATURES) for rows in found)])


@pytest.fixture(scope="module")
def tables() -> Tables:
    return small_world()


@pytest.fixture(scope="module")
def before(tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    return rows_of(tables, tmp_path_factory.mktemp("before"))


@pytest.mark.parametrize("name", FEATURES)
def test_a_feature_has_a_meaning_and_a_unit_and_stays_in_its_range(name: str, before: pa.Table) -> None:
    column = FEATURES[name].column
    assert column.meaning
    assert not column.meaning.endswith(".")
    assert (column.unit is None) == (column.type == "category")
    values = before[name].drop_null()
    assert len(values), f"{name} is missing for everybody"
    if column.minimum is not None:
        assert pc.min(values).as_py() >= column.minimum
    if column.maximum is not None:
        assert pc.max(values).as_py() <= column.maximum


def test_a_shorter_look_back_changes_no_feature_that_it_reaches(
    tables: Tables, before: pa.Table, tmp_path: Path
) -> None:
    """But of those that joined before it, who are told apart by it."""
    chosen = features_for((), CANONICAL, look_back_days=30)
    within = [one.column.name for one in chosen if one.reach and one.table != "first_use"]
    assert len(within) > 10
    found = rows_of(tables, tmp_path, look_back=30)
    for name in within:
        last = [rows[name].combine_chunks() for rows in (found, before)]
        # Of a customer without rows, nothing is known with either look-back; with the shorter there are more of them.
        assert pc.fill_null(pc.equal(*last), True).to_pylist() == [True] * len(before), name
    assert not found["spend_180d"].equals(before["spend_180d"])
    assert "spend_180d" not in {one.column.name for one in chosen}


def test_a_customer_without_history_has_missing_features_and_is_still_there(before: pa.Table) -> None:
    row = before.filter(pc.equal(before["customer_id"], EMPTY)).to_pylist()
    assert len(row) == 1
    events = [name for name, one in FEATURES.items() if one.table in EVENTS]
    assert len(events) > 50
    assert all(row[0][name] is None for name in events)
    assert row[0]["days_to_first_use"] is None
    assert row[0]["days_without_first_use"] == pytest.approx(3)


def test_the_same_history_gives_the_same_bits(tables: Tables, before: pa.Table, tmp_path: Path) -> None:
    assert rows_of(tables, tmp_path).equals(before)


def test_rows_known_later_change_nothing(tables: Tables, before: pa.Table, tmp_path: Path) -> None:
    known = {name: rows.filter(pc.less(rows["known_at"], pa.scalar(AS_OF))) for name, rows in tables.items()}
    assert sum(len(rows) for rows in known.values()) < sum(len(rows) for rows in tables.values())
    assert rows_of(known, tmp_path).equals(before)


def test_a_row_that_happened_before_but_was_known_later_changes_nothing(
    tables: Tables, before: pa.Table, tmp_path: Path
) -> None:
    late = dict(tables)
    for name in ("usage", "transactions", "interactions", "surveys", "treatments"):
        rows = tables[name].slice(0, 50)
        moved = rows.set_column(
            rows.column_names.index("event_at"),
            "event_at",
            pa.array([AS_OF - timedelta(hours=5)] * 50, pa.timestamp("us")),
        )
        moved = moved.set_column(
            rows.column_names.index("known_at"), "known_at", pa.array([AS_OF] * 50, pa.timestamp("us"))
        )
        if name != "usage":
            key = CANONICAL[name].key[0]
            moved = moved.set_column(moved.column_names.index(key), key, pa.array([f"late{k}" for k in range(50)]))
        late[name] = pa.concat_tables([tables[name], moved])
    assert rows_of(late, tmp_path).equals(before)


def test_a_late_correction_changes_no_earlier_snapshot_but_an_early_one_does(
    tables: Tables, before: pa.Table, tmp_path: Path
) -> None:
    paid = tables["transactions"]
    paid = paid.filter(
        pc.and_(pc.equal(paid["kind"], "payment"), pc.less(paid["known_at"], pa.scalar(AS_OF - timedelta(days=10))))
    )
    paid = paid.filter(pc.greater(paid["event_at"], pa.scalar(AS_OF - timedelta(days=25))))
    wrong = paid.set_column(paid.column_names.index("amount"), "amount", pc.add(paid["amount"], 1000.0))
    for moment, changes in ((AS_OF, False), (AS_OF - timedelta(days=1), True)):
        known = pa.array([moment] * len(wrong), pa.timestamp("us"))
        corrected = wrong.set_column(wrong.column_names.index("known_at"), "known_at", known)
        both = {**tables, "transactions": pa.concat_tables([tables["transactions"], corrected])}
        found = rows_of(both, tmp_path / str(changes))
        assert found.equals(before) is not changes
        assert found.drop_columns(MONEY).equals(before.drop_columns(MONEY))


@pytest.mark.parametrize("name", [name for name in CANONICAL if name != "customers"])
def test_a_correction_of_any_table_known_too_late_changes_nothing(
    tables: Tables, before: pa.Table, tmp_path: Path, name: str
) -> None:
    """Every seventh row is corrected in all that may be corrected, but nobody knew of it before."""
    rows = tables[name].take(pa.array(range(0, len(tables[name]), 7)))
    rows = rows.filter(pc.less(rows["known_at"], pa.scalar(AS_OF)))
    for column in CANONICAL[name].columns:
        if column.nullable:
            place = rows.column_names.index(column.name)
            rows = rows.set_column(place, column.name, pa.nulls(len(rows), rows[column.name].type))
    rows = rows.set_column(
        rows.column_names.index("known_at"), "known_at", pa.array([AS_OF] * len(rows), pa.timestamp("us"))
    )
    assert len(rows)
    assert rows_of({**tables, name: pa.concat_tables([tables[name], rows])}, tmp_path).equals(before)


def test_everything_that_happened_after_may_be_deleted(tables: Tables, before: pa.Table, tmp_path: Path) -> None:
    """Also rows that were known before, of what lay ahead then; but for what is planned, such as a renewal."""
    ahead = {name: pa.concat_tables([rows, known_ahead(name, rows)]) for name, rows in tables.items()}
    lay_ahead = [name for name, rows in ahead.items() if len(happened_after(rows, AS_OF - timedelta(days=1)))]
    assert set(lay_ahead) == set(EVENTS)
    assert rows_of(ahead, tmp_path / "ahead").equals(before)
    kept = {name: rows.filter(pc.less(rows["event_at"], pa.scalar(AS_OF))) for name, rows in ahead.items()}
    assert rows_of(kept, tmp_path / "kept").equals(before)


def known_ahead(name: str, rows: pa.Table) -> pa.Table:
    """Fifty events of a table (of customers and contracts none) that are known two days before they happen."""
    some = rows.slice(0, 50 if name in EVENTS else 0)
    moments = {"event_at": AS_OF + timedelta(hours=5), "known_at": AS_OF - timedelta(days=2)}
    changed = {one: pa.array([moment] * len(some), pa.timestamp("us")) for one, moment in moments.items()}
    free = next((one for one in CANONICAL[name].key if one not in ("customer_id", "event_at")), None)
    if free:
        changed[free] = pa.array([f"ahead{k}" for k in range(len(some))])
    return pa.table({one: changed.get(one, some[one]) for one in some.column_names}, schema=rows.schema)


def happened_after(rows: pa.Table, known_before: datetime) -> pa.Table:
    """The rows of what lay ahead at AS_OF that were known before a moment."""
    known = pc.less(rows["known_at"], pa.scalar(known_before))
    return rows.filter(pc.and_(known, pc.greater_equal(rows["event_at"], pa.scalar(AS_OF))))


@pytest.mark.parametrize("seed", [0, 1])
def test_the_order_of_rows_changes_no_bit(tables: Tables, before: pa.Table, tmp_path: Path, seed: int) -> None:
    shuffled = {
        name: rows.take(pa.array(np.random.default_rng(seed).permutation(len(rows)))) for name, rows in tables.items()
    }
    assert rows_of(shuffled, tmp_path).equals(before)


def test_other_customers_change_no_bit_but_of_a_rank_among_them(
    tables: Tables, before: pa.Table, tmp_path: Path
) -> None:
    some = pa.array(before["customer_id"].to_pylist()[::3])
    alone = {name: rows.filter(pc.is_in(rows["customer_id"], some)) for name, rows in tables.items()}
    ranks = [name for name, one in FEATURES.items() if one.across]
    found = rows_of(alone, tmp_path)
    assert found.drop_columns(ranks).equals(before.filter(pc.is_in(before["customer_id"], some)).drop_columns(ranks))


def test_the_engine_needs_no_more_than_one_thread_or_two(
    tables: Tables, before: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLDFAST_CORES", "1")
    assert rows_of(tables, tmp_path / "1").equals(before)
    monkeypatch.setenv("HOLDFAST_CORES", "4")
    assert rows_of(tables, tmp_path / "4").equals(before)


@given(st.lists(st.one_of(st.none(), st.integers(-3, 3)), min_size=1, max_size=40))
def test_a_quintile_is_the_fifth_that_a_value_lies_in_and_ties_share_it(drawn: list[int | None]) -> None:
    values = np.array([np.nan if one is None else float(one) for one in drawn])
    known = sorted(one for one in drawn if one is not None)
    expected = [np.nan if one is None else 1 + 5 * known.index(one) // len(known) for one in drawn]
    assert quintile(values).tolist() == pytest.approx(expected, nan_ok=True)
