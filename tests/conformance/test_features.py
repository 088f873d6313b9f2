"""What every feature must do: know nothing of the future, of other customers, or of the order of rows."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from features import sources
from features.catalog import all_features
from features.matrix import snapshot
from features.plugins import plugin
from features.source import Source
from features.tables import CANONICAL
from pipelines import engine, storage

FEATURES = all_features()
AS_OF = datetime(2024, 7, 1)
LOOK_BACK = 180
SIMULATED = plugin(sources, "simulated", Source)
EMPTY = "C9999999"

Tables = Mapping[str, pa.Table]


def rows_of(tables: Tables, folder: Path) -> pa.Table:
    """The feature rows of AS_OF over these tables."""
    for name, rows in tables.items():
        storage.write_parquet(folder / name / "all.parquet", rows)
    with engine.opened(folder, CANONICAL) as opened:
        history = opened.history(AS_OF, look_back_days=LOOK_BACK)
        return opened.rows(snapshot(history, list(FEATURES.values())).order_by("customer_id"))


@pytest.fixture(scope="module")
def tables() -> Tables:
    """Eight months of a small world, so that two of them lie after AS_OF, and one customer of whom nothing is known."""
    options = SIMULATED.options(kind="simulated", customers=300, months=8)
    parts: dict[str, list[pa.Table]] = {}
    for part in SIMULATED.read({}, options):
        parts.setdefault(part.table, []).append(part.rows)
    found = {name: pa.concat_tables(rows) for name, rows in parts.items()}
    day = AS_OF - timedelta(days=3)
    for name, values in {
        "customers": {"joined_at": day},
        "contracts": {"contract_id": "K9", "plan": "basic", "price": 9.0, "starts_at": day},
    }.items():
        row = dict.fromkeys(found[name].column_names)
        row |= {"customer_id": EMPTY, "event_at": day, "known_at": day, **values}
        found[name] = pa.concat_tables([found[name], pa.Table.from_pylist([row], schema=found[name].schema)])
    return found


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


def test_a_customer_without_history_has_missing_features_and_is_still_there(before: pa.Table) -> None:
    row = before.filter(pc.equal(before["customer_id"], EMPTY)).to_pylist()
    assert len(row) == 1
    events = [
        name for name, one in FEATURES.items() if one.table in ("usage", "transactions", "interactions", "surveys")
    ]
    assert events
    assert all(row[0][name] is None for name in events)


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
    for name in ("usage", "transactions", "interactions", "surveys"):
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
        assert found.drop_columns(["spend_30d", "spend_90d"]).equals(before.drop_columns(["spend_30d", "spend_90d"]))


def test_the_order_of_rows_changes_nothing(tables: Tables, before: pa.Table, tmp_path: Path) -> None:
    turned = {name: rows.take(pa.array(range(len(rows) - 1, -1, -1))) for name, rows in tables.items()}
    found = rows_of(turned, tmp_path)
    assert found.drop_columns(_doubles(found)).equals(before.drop_columns(_doubles(before)))
    for name in _doubles(found):
        assert pc.max(pc.abs(pc.subtract(found[name], before[name]))).as_py() < 1e-9


def _doubles(rows: pa.Table) -> list[str]:
    """Columns whose sums may round differently when rows are added in another order."""
    return [name for name in rows.column_names if pa.types.is_floating(rows[name].type)]


def test_other_customers_change_nothing(tables: Tables, before: pa.Table, tmp_path: Path) -> None:
    some = pa.array(before["customer_id"].to_pylist()[::3])
    alone = {name: rows.filter(pc.is_in(rows["customer_id"], some)) for name, rows in tables.items()}
    assert rows_of(alone, tmp_path).equals(before.filter(pc.is_in(before["customer_id"], some)))
