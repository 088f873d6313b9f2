"""What every feature must do: know nothing of the future, of other customers, or of the order of rows.

Each feature is a test of its own under each law: one that is broken fails its own tests, and no other's.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.catalog import all_features, features_for
from features.feature import Feature, feature, quintile
from features.hindsight import Hindsight
from features.history import History, total
from features.label import LabelOptions, LabelWindow
from features.labels.cancelled import observed
from features.matrix import placed
from features.tables import CANONICAL, PLACE
from pipelines.files import storage
from pipelines.matrix import duckdb_engine
from tests.conformance.feature_rows import Rows, worked_out
from tests.conformance.small_world import (
    AS_OF,
    EMPTY,
    EVENTS,
    Tables,
    free_key,
    known_before,
    of_customers,
    replaced,
    shuffled,
    small_world,
)

FEATURES = all_features()
LOOK_BACK = 180
WINDOW = LabelWindow.after(AS_OF, lead_time_days=14, horizon_days=60)


def rows_of(
    tables: Tables, folder: Path, *, features: Mapping[str, Feature] = FEATURES, look_back: int = LOOK_BACK
) -> Rows:
    for name, rows in tables.items():
        storage.write_parquet(folder / name / "all.parquet", rows)
    with duckdb_engine.opened(folder, CANONICAL) as opened:
        history = opened.history(AS_OF, look_back_days=look_back)
        customers = opened.kept("observed", placed(observed(history, WINDOW, LabelOptions())))
        names = opened.rows(customers.order_by(PLACE))["customer_id"].to_pylist()
        asked = {"as_of": AS_OF, "look_back_days": look_back, "observed": customers}
        return worked_out(opened, features.values(), customers=names, **asked)


@pytest.fixture(scope="module")
def tables() -> Tables:
    return small_world()


@pytest.fixture(scope="module")
def asked(request: pytest.FixtureRequest) -> Mapping[str, Feature]:
    """The features that are asked about: all, or with `-k NAME` those whose tests were chosen, which is quicker."""
    chosen = [one for one in request.session.items if one.path == request.path]
    names = {getattr(one, "callspec", None) and one.callspec.params.get("name") for one in chosen}
    return {name: FEATURES[name] for name in names} if names <= FEATURES.keys() else FEATURES


@pytest.fixture(scope="module")
def before(tables: Tables, asked: Mapping[str, Feature], tmp_path_factory: pytest.TempPathFactory) -> Rows:
    return rows_of(tables, tmp_path_factory.mktemp("before"), features=asked)


every_feature = pytest.mark.parametrize("name", FEATURES)


@every_feature
def test_a_feature_has_a_meaning_and_a_unit_and_stays_in_its_range(name: str, before: Rows) -> None:
    column = FEATURES[name].column
    assert column.meaning
    assert not column.meaning.endswith(".")
    assert (column.unit is None) == (column.type == "category")
    values = before.of(name).drop_null()
    assert len(values), f"{name} is missing for everybody"
    if column.minimum is not None:
        assert pc.min(values).as_py() >= column.minimum
    if column.maximum is not None:
        assert pc.max(values).as_py() <= column.maximum


# What may be done to the tables without any feature changing by a bit.


def with_rows_known_late(tables: Tables) -> Tables:
    """Rows that happened before, of which nobody knew until the date."""
    moments = {"event_at": AS_OF - timedelta(hours=5), "known_at": AS_OF}
    late = ("usage", "transactions", "interactions", "surveys", "treatments")
    return {**tables, **{name: with_more(name, tables[name], "late", **moments) for name in late}}


def with_rows_known_ahead(tables: Tables) -> Tables:
    """Rows of what lay ahead, known two days before it; of customers and contracts none."""
    moments = {"event_at": AS_OF + timedelta(hours=5), "known_at": AS_OF - timedelta(days=2)}
    return {**tables, **{name: with_more(name, tables[name], "ahead", **moments) for name in EVENTS}}


def with_more(name: str, rows: pa.Table, called: str, **moments: datetime) -> pa.Table:
    """The rows, and the first fifty of them again at other moments."""
    some = replaced(rows.slice(0, 50), **moments)
    if key := free_key(name):
        some = replaced(some, **{key: pa.array([f"{called}{k}" for k in range(len(some))])})
    return pa.concat_tables([rows, some])


def without_what_happened_after(tables: Tables) -> Tables:
    """Also without what was known of it before; but with what is planned, such as a renewal."""
    ahead = with_rows_known_ahead(tables)
    return {name: rows.filter(pc.less(rows["event_at"], pa.scalar(AS_OF))) for name, rows in ahead.items()}


def corrected_too_late(name: str, tables: Tables) -> Tables:
    """Every seventh row is corrected in all that may be corrected, but nobody knew of it before."""
    rows = known_before({name: tables[name].take(pa.array(range(0, len(tables[name]), 7)))}, AS_OF)[name]
    nulls = {column.name: None for column in CANONICAL[name].columns if column.nullable}
    return {**tables, name: pa.concat_tables([tables[name], replaced(rows, known_at=AS_OF, **nulls)])}


def with_other_amounts(tables: Tables, known_at: datetime) -> Tables:
    """Each payment of the last weeks was of 1,000 more, as was known from a moment on."""
    paid = known_before({"paid": tables["transactions"]}, AS_OF - timedelta(days=10))["paid"]
    paid = paid.filter(pc.greater(paid["event_at"], pa.scalar(AS_OF - timedelta(days=25))))
    paid = paid.filter(pc.equal(paid["kind"], "payment"))
    wrong = replaced(paid, amount=pc.add(paid["amount"], 1000.0), known_at=known_at)
    return {**tables, "transactions": pa.concat_tables([tables["transactions"], wrong])}


NOTHING_CHANGES: dict[str, Callable[[Tables], Tables]] = {
    "the same again": lambda tables: tables,
    "rows known later are gone": lambda tables: known_before(tables, AS_OF),
    "rows that happened before and were known later": with_rows_known_late,
    "rows of what lies ahead": with_rows_known_ahead,
    "what happened after is gone": without_what_happened_after,
    "another order of rows": lambda tables: shuffled(tables, 0),
    "one more order of rows": lambda tables: shuffled(tables, 1),
    "other amounts known too late": lambda tables: with_other_amounts(tables, AS_OF),
    **{
        f"corrections of {name} known too late": lambda tables, name=name: corrected_too_late(name, tables)
        for name in CANONICAL
        if name != "customers"
    },
}


@pytest.fixture(scope="module")
def after(
    tables: Tables, asked: Mapping[str, Feature], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Rows]:
    """The feature rows over the changed tables; each worked out once for all features."""

    @cache
    def made(what: str) -> Rows:
        changed = NOTHING_CHANGES[what](tables)
        assert set(changed) == set(tables)
        return rows_of(changed, tmp_path_factory.mktemp("after"), features=asked)

    return made


@every_feature
def test_what_nobody_knew_and_what_does_not_matter_changes_no_bit(
    name: str, before: Rows, after: Callable[[str], Rows]
) -> None:
    changed = [what for what in NOTHING_CHANGES if not after(what).of(name).equals(before.of(name))]
    assert not changed, f"{name} changes with {changed}"


@pytest.mark.parametrize("what", [what for what in NOTHING_CHANGES if what != "the same again"])
def test_that_nothing_changes_is_asked_of_tables_that_differ(what: str, tables: Tables) -> None:
    changed = NOTHING_CHANGES[what](tables)
    assert any(not changed[name].equals(rows) for name, rows in tables.items())


def test_something_of_every_table_of_events_lies_ahead(tables: Tables) -> None:
    ahead = with_rows_known_ahead(tables)
    known = known_before(ahead, AS_OF - timedelta(days=1))
    lies_ahead = {
        name: rows.filter(pc.greater_equal(rows["event_at"], pa.scalar(AS_OF))) for name, rows in known.items()
    }
    assert {name for name, rows in lies_ahead.items() if len(rows)} == set(EVENTS)


# What changes some features, and which.


def reads(one: Feature, *columns: str) -> bool:
    """Whether a feature looks at one of these columns of the table that it aggregates."""
    today = Hindsight({name: ibis.memtable(rows.slice(0, 1)) for name, rows in small_world().items()}, CANONICAL)
    aggregate = one.aggregate(History(today, as_of=AS_OF, look_back_days=LOOK_BACK))
    return any(found.name in columns for found in aggregate.op().find(ops.Field, filter=ops.Value))


@pytest.fixture(scope="module")
def with_early_correction(
    tables: Tables, asked: Mapping[str, Feature], tmp_path_factory: pytest.TempPathFactory
) -> Rows:
    changed = with_other_amounts(tables, AS_OF - timedelta(days=1))
    return rows_of(changed, tmp_path_factory.mktemp("early"), features=asked)


@every_feature
def test_a_correction_of_amounts_that_was_known_in_time_changes_what_reads_amounts_alone(
    name: str, before: Rows, with_early_correction: Rows
) -> None:
    before_and_after = before.of(name), with_early_correction.of(name)
    if not reads(FEATURES[name], "amount"):
        assert before_and_after[0].equals(before_and_after[1]), f"{name} changes with amounts that it does not read"


def test_a_correction_that_was_known_in_time_is_seen(before: Rows, with_early_correction: Rows) -> None:
    changed = {name for name in FEATURES if not before.of(name).equals(with_early_correction.of(name))}
    assert {"spend_30d", "spend_180d", "monetary_quintile"} <= changed


@pytest.fixture(scope="module")
def within_30_days(tables: Tables, asked: Mapping[str, Feature], tmp_path_factory: pytest.TempPathFactory) -> Rows:
    return rows_of(tables, tmp_path_factory.mktemp("look_back"), features=asked, look_back=30)


CHOSEN = {one.column.name: one for one in features_for((), CANONICAL, look_back_days=30)}


@pytest.mark.parametrize("name", [name for name, one in CHOSEN.items() if one.reach and one.table != "first_use"])
def test_a_shorter_look_back_changes_no_feature_that_it_reaches(name: str, before: Rows, within_30_days: Rows) -> None:
    """But of those that joined before it, who are told apart by it.

    Of a customer without rows, nothing is known with either look-back; with the shorter there are more of them.
    """
    last = [rows.of(name).combine_chunks() for rows in (within_30_days, before)]
    assert pc.fill_null(pc.equal(*last), True).to_pylist() == [True] * len(before.customers)


def test_a_longer_window_than_the_look_back_is_cut_short_and_left_out(before: Rows, within_30_days: Rows) -> None:
    assert not within_30_days.of("spend_180d").equals(before.of("spend_180d"))
    assert "spend_180d" not in CHOSEN


@pytest.mark.parametrize("name", [name for name, one in FEATURES.items() if one.table in EVENTS])
def test_of_a_customer_without_history_a_feature_is_missing(name: str, before: Rows) -> None:
    assert before.of(name)[before.customers.index(EMPTY)].as_py() is None


def test_a_customer_without_history_is_there_once_and_has_not_used_it_for_days(before: Rows) -> None:
    assert before.customers.count(EMPTY) == 1
    assert before.of("days_to_first_use")[before.customers.index(EMPTY)].as_py() is None
    assert before.of("days_without_first_use")[before.customers.index(EMPTY)].as_py() == pytest.approx(3)


@pytest.fixture(scope="module")
def alone(tables: Tables, before: Rows, asked: Mapping[str, Feature], tmp_path_factory: pytest.TempPathFactory) -> Rows:
    return rows_of(of_customers(tables, before.customers[::3]), tmp_path_factory.mktemp("alone"), features=asked)


@pytest.mark.parametrize("name", [name for name, one in FEATURES.items() if not one.across])
def test_other_customers_change_no_bit_but_of_a_rank_among_them(name: str, before: Rows, alone: Rows) -> None:
    mine = pa.array([customer in set(alone.customers) for customer in before.customers])
    assert alone.customers == before.customers[::3]
    assert alone.of(name).equals(before.of(name).filter(mine))


@pytest.fixture(scope="module")
def with_cores(
    tables: Tables, asked: Mapping[str, Feature], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Rows]:
    found = {}
    for cores in ("1", "4"):
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("HOLDFAST_CORES", cores)
            found[cores] = rows_of(tables, tmp_path_factory.mktemp("cores"), features=asked)
    return found


@every_feature
def test_the_number_of_threads_changes_no_bit(name: str, before: Rows, with_cores: dict[str, Rows]) -> None:
    assert all(rows.of(name).equals(before.of(name)) for rows in with_cores.values())


# Features that break a law each: the laws see it, and lay it to nobody else.


@feature(table="transactions", unit="currency", minimum=0)
def first_amount(history: History) -> ir.Value:
    """Whichever row comes first."""
    return history.transactions.amount.first()


@feature(table="transactions", unit="currency", minimum=0)
def noisy_amount(history: History) -> ir.Value:
    """What is never the same twice."""
    return history.transactions.amount.max() + ibis.random()


@feature(table="transactions", unit="currency", minimum=0)
def amount_in_hindsight(history: History) -> ir.Value:
    """With all that is known today."""
    return total(history.transactions.amount) + history._known_today.tables["transactions"].count().as_scalar()


@feature(table="transactions", unit="currency", minimum=0)
def amount_without_corrections(history: History) -> ir.Value:
    """With all rows of payments, also those that were corrected later."""
    return total(history.transactions.amount) + history._raw["transactions"].amount.sum().as_scalar()


@feature(table="usage", unit="count", minimum=0)
def misspelt(history: History) -> ir.Value:
    """Names a column that there is not."""
    return history.usage.actons.sum()


@feature(table="usage", unit="count", minimum=0)
def fails_in_the_query(history: History) -> ir.Value:
    """What no engine can work out."""
    return history.usage.actions.sum() + ibis.literal("many").cast("int64")


BROKEN = {
    "first_amount": (first_amount, "another order of rows"),
    "noisy_amount": (noisy_amount, "the same again"),
    "amount_in_hindsight": (amount_in_hindsight, "rows known later are gone"),
    "amount_without_corrections": (amount_without_corrections, "other amounts known too late"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_law_fails_for_a_feature_that_breaks_it(name: str, tables: Tables, tmp_path: Path) -> None:
    definition, what = BROKEN[name]
    features = {one.column.name: one for one in definition.features}
    both = [
        rows_of(of, tmp_path / str(k), features=features)
        for k, of in enumerate((tables, NOTHING_CHANGES[what](tables)))
    ]
    assert not both[0].of(name).equals(both[1].of(name))


def test_a_feature_that_cannot_be_made_fails_by_itself(tables: Tables, before: Rows, tmp_path: Path) -> None:
    broken = {one.column.name: one for of in (misspelt, fails_in_the_query) for one in of.features}
    found = rows_of(tables, tmp_path, features={**FEATURES, **broken})
    assert set(found.errors) == set(broken)
    assert all(found.of(name).equals(before.of(name)) for name in FEATURES)
    for name in broken:
        with pytest.raises(pytest.fail.Exception, match=f"{name} cannot be made"):
            found.of(name)


def test_what_a_feature_reads_is_seen_in_its_expression() -> None:
    money = {name for name, one in FEATURES.items() if reads(one, "amount")}
    assert {"spend_30d", "spend_trend", "discount_share", "monetary_quintile", "refunds_90d"} <= money
    assert money.isdisjoint({"payments_30d", "failed_payments_30d", "recency_quintile", "actions_7d"})


@given(st.lists(st.one_of(st.none(), st.integers(-3, 3)), min_size=1, max_size=40))
def test_a_quintile_is_the_fifth_that_a_value_lies_in_and_ties_share_it(drawn: list[int | None]) -> None:
    values = np.array([np.nan if one is None else float(one) for one in drawn])
    known = sorted(one for one in drawn if one is not None)
    expected = [np.nan if one is None else 1 + 5 * known.index(one) // len(known) for one in drawn]
    assert quintile(values).tolist() == pytest.approx(expected, nan_ok=True)
