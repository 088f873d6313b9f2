"""What is computed of one customer at any moment is what the batch would have computed, for every feature and label."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.sections.observations import ObservationSpec
from features import labelling, labels
from features.catalog import all_features
from features.feature import quintile
from features.label import Label, LabelOptions, LabelWindow
from features.matrix import placed
from features.plugins import discover
from features.tables import CANONICAL, PLACE
from pipelines.files import storage
from pipelines.jobs.service.online import among_others, sorted_tables
from pipelines.jobs.service.online.among_others import AmongOthers
from pipelines.jobs.service.online.few_customers import FewCustomers
from pipelines.matrix import duckdb_engine
from tests.conformance.feature_rows import Rows, worked_out
from tests.conformance.small_world import AS_OF, Tables, known_before, of_customers, replaced, small_world

FEATURES = all_features()
RANKED = sorted(name for name, one in FEATURES.items() if one.across)
DATED = {name: one for name, one in discover(labels, Label).items() if one.dated}
ASKED = ObservationSpec(first="2024-04-01", look_back_days=180)
# The batch ends here, and knows nothing later.
BATCH = AS_OF - timedelta(days=20)


def window(as_of: datetime) -> LabelWindow:
    return LabelWindow.after(as_of, lead_time_days=14, horizon_days=60)


@cache
def world() -> Tables:
    """The small world in which a tenth of the contacts and payments are corrected by later rows, some in the batch."""
    rng, found = np.random.default_rng(1), dict(small_world())
    for name, column in (("interactions", "complaint"), ("transactions", "amount"), ("surveys", "score")):
        rows = found[name]
        some = rows.filter(pa.array(rng.random(len(rows)) < 0.1))
        late = pa.array([pa.scalar(int(one)).as_py() for one in rng.integers(1, 60 * 24 * 3600, len(some))])
        later = pc.add(some["known_at"], late.cast(pa.duration("s")).cast(pa.duration("us")))
        changed = pc.invert(some[column]) if column == "complaint" else pc.multiply(some[column], 0.5)
        found[name] = pa.concat_tables(
            [rows, replaced(some, known_at=later.cast(rows["known_at"].type), **{column: changed})]
        )
    return found


def put(tables: Tables, folder: Path, until: datetime) -> Path:
    for name, rows in tables.items():
        storage.write_parquet(folder / name / "all.parquet", rows)
    storage.write_json(folder / "about.json", {"extracted_at": until.isoformat()})
    return folder


def whole(tables: Path, label: Label, as_of: datetime) -> tuple[Rows, dict[str, AmongOthers]]:
    """The batch at a moment, and how it ranked its customers."""
    with duckdb_engine.opened(tables, CANONICAL) as opened:
        history = opened.history(as_of, look_back_days=ASKED.look_back_days)
        who = placed(labelling.observed(label, history, window(as_of), LabelOptions()))
        observed = opened.kept(among_others.OBSERVED, who)
        names = opened.rows(observed.order_by(PLACE))["customer_id"].to_pylist()
        asked = {"as_of": as_of, "look_back_days": ASKED.look_back_days, "observed": observed}
        found = worked_out(opened, FEATURES.values(), customers=names, **asked)
        others = among_others.read(opened, FEATURES.values(), look_back_days=ASKED.look_back_days, until=as_of)
        return found, others


@pytest.fixture(scope="module", params=sorted(DATED))
def label(request: pytest.FixtureRequest) -> Label:
    return DATED[request.param]


@pytest.fixture(scope="module")
def online(label: Label, tmp_path_factory: pytest.TempPathFactory) -> FewCustomers:
    """The batch of BATCH, to which what was received since is added."""
    folder = tmp_path_factory.mktemp("batch")
    tables = put(known_before(world(), BATCH), folder / "tables", BATCH)
    _, others = whole(tables, label, BATCH)
    batch = sorted_tables.of_batch(tables, CANONICAL, folder=folder / "sorted")
    features = among_others.placed(FEATURES.values(), others)
    found = FewCustomers(batch, features, label=label, options=LabelOptions(), window=window, asked=ASKED)
    yield found
    found.close()


def received(customers: list[str], until: datetime) -> Mapping[str, pa.Table]:
    """The rows of some customers that became known from the end of the batch until a moment."""
    every = known_before(of_customers(world(), customers), until)
    return {name: rows.filter(pc.greater_equal(rows["known_at"], pa.scalar(BATCH))) for name, rows in every.items()}


def compared(found: pa.Table, wanted: Rows, names: list[str]) -> list[str]:
    """The features that differ, in any bit, of the customers who are found."""
    places = [wanted.customers.index(who) for who in found["customer_id"].to_pylist()]
    differ = []
    for name in names:
        one, other = found[name].combine_chunks(), wanted.of(name).take(pa.array(places, pa.int64())).combine_chunks()
        if not one.cast(other.type).equals(other):
            differ.append(name)
    return differ


def test_at_the_moment_of_the_batch_everything_is_the_batchs(
    label: Label, online: FewCustomers, tmp_path: Path
) -> None:
    wanted, _ = whole(put(known_before(world(), BATCH), tmp_path, BATCH), label, BATCH)
    every = sorted(set(world()["customers"]["customer_id"].to_pylist()))
    together = online.rows(every, {}, as_of=BATCH)
    assert together["customer_id"].to_pylist() == wanted.customers
    assert compared(together, wanted, sorted(FEATURES)) == []
    for who in wanted.customers[::40]:
        assert compared(online.rows([who], {}, as_of=BATCH), wanted, sorted(FEATURES)) == []


@pytest.mark.parametrize("days", [1, 20, 75])
def test_what_was_received_since_counts_as_in_a_later_batch(
    label: Label, online: FewCustomers, tmp_path: Path, days: int
) -> None:
    moment = BATCH + timedelta(days=days)
    wanted, _ = whole(put(known_before(world(), moment), tmp_path, moment), label, moment)
    every = sorted(set(world()["customers"]["customer_id"].to_pylist()))
    together = online.rows(every, received(every, moment), as_of=moment)
    assert together["customer_id"].to_pylist() == wanted.customers
    others = [name for name in sorted(FEATURES) if name not in RANKED]
    assert compared(together, wanted, others) == []
    for who in every[::50]:
        alone = online.rows([who], received([who], moment), as_of=moment)
        assert alone["customer_id"].to_pylist() == [who] * (who in wanted.customers)
        assert compared(alone, wanted, others) == []


def test_what_becomes_known_at_the_moment_itself_is_not_seen(online: FewCustomers) -> None:
    every = sorted(set(world()["customers"]["customer_id"].to_pylist()))[:50]
    moment = BATCH + timedelta(days=40)
    later = received(every, moment + timedelta(days=60))
    assert any(rows.num_rows for rows in later.values())
    assert online.rows(every, later, as_of=moment).equals(online.rows(every, received(every, moment), as_of=moment))


def test_a_moment_leaves_nothing_for_the_next(online: FewCustomers) -> None:
    every = sorted(set(world()["customers"]["customer_id"].to_pylist()))
    first = online.rows(every[:5], {}, as_of=BATCH)
    online.rows(every[3:9], received(every[3:9], BATCH + timedelta(days=50)), as_of=BATCH + timedelta(days=50))
    assert online.rows(every[:5], {}, as_of=BATCH).equals(first)


VALUES = st.lists(st.one_of(st.just(float("nan")), st.integers(-5, 5).map(float)), min_size=1, max_size=30)


@given(VALUES)
@settings(max_examples=200)
def test_a_value_of_the_batch_gets_the_rank_that_it_had_there(values: list[float]) -> None:
    every = np.array(values)
    placed_among = AmongOthers.of(quintile, every)
    np.testing.assert_array_equal(placed_among(every), quintile(every))


@given(VALUES, st.lists(st.floats(-9, 9), min_size=1, max_size=9))
@settings(max_examples=200)
def test_ranks_rise_with_the_values_and_stay_among_those_there_are(values: list[float], asked: list[float]) -> None:
    placed_among = AmongOthers.of(quintile, np.array(values))
    found = placed_among(np.sort(np.array(asked)))
    assert (np.diff(found) >= 0).all()
    assert set(found.tolist()) <= {1.0, 2.0, 3.0, 4.0, 5.0}
