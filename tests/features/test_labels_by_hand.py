"""What every label must do, and what a window counts."""

from datetime import datetime, timedelta

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import labels
from features.errors import SpecError
from features.hindsight import Hindsight
from features.history import History
from features.label import Label, LabelOptions, LabelWindow
from features.observations import outcomes
from features.plugins import discover, names
from features.tables import CANONICAL

LABELS = discover(labels, Label)
AS_OF = datetime(2024, 7, 1)
WINDOW = LabelWindow.after(AS_OF, lead_time_days=14, horizon_days=60)


def test_a_label_is_named_after_its_file_and_says_what_it_is() -> None:
    assert list(LABELS) == names(labels)
    assert all(label.meaning for label in LABELS.values())


@settings(deadline=None, max_examples=40)
@given(st.one_of(st.integers(-10 * 24, 200 * 24), st.sampled_from([0, 14 * 24, 74 * 24])), st.integers(-1, 1))
def test_a_moment_is_in_the_gap_or_in_the_window_or_after_it_but_never_in_two(hours: int, beside: int) -> None:
    """The edges among them, and the microsecond on either side: an edge belongs to what begins with it."""
    moment = AS_OF + timedelta(hours=hours, microseconds=beside)
    happened = ibis.memtable(pa.table({"customer_id": ["a"], "happened_at": pa.array([moment], pa.timestamp("us"))}))
    [found] = outcomes(happened, WINDOW).to_pyarrow().to_pylist()
    assert found["left_in_gap"] == (moment < WINDOW.opens)
    assert found["churned"] == (moment < WINDOW.closes)


@pytest.mark.parametrize(("lead", "what"), [(0, "churned"), (14, "gap")])
def test_who_leaves_on_the_very_day_of_the_observation_left_in_the_gap_or_in_the_window(lead: int, what: str) -> None:
    """A date without a time is a midnight: the end on the day of the observation is not lost."""
    tables = {**contracts(("a", "1", -50, None), ("a", "1", 0, 0), ("b", "2", -50, None))}
    found = observed_and_churned("cancelled", tables, AS_OF, lead=lead, horizon=30)
    assert found == {"a": what, "b": "retained"}


@settings(deadline=None, max_examples=30)
@given(st.integers(-20, 200), st.sampled_from([0, 14]))
def test_of_windows_that_follow_each_other_exactly_one_holds_an_end(day: int, lead: int) -> None:
    """Six windows of 30 days, one after the other; the customer is observed as long as the end lies ahead."""
    tables = contracts(("a", "1", -50, None), ("a", "1", day, day))
    dates = [AS_OF + timedelta(days=30 * k) for k in range(6)]
    found = [observed_and_churned("cancelled", tables, one, lead=lead, horizon=30).get("a") for one in dates]
    assert found.count("churned") == (lead <= day < lead + 180)
    assert all(what == "churned" for what, one in zip(found, dates, strict=True) if within(day, one, lead))


def within(day: int, as_of: datetime, lead: int) -> bool:
    """Whether a day after AS_OF lies in the window of 30 days that opens so many days after as_of."""
    return as_of + timedelta(days=lead) <= AS_OF + timedelta(days=day) < as_of + timedelta(days=lead + 30)


def test_a_window_is_mature_on_the_very_day_that_it_closes() -> None:
    assert WINDOW.is_mature(WINDOW.closes)
    assert not WINDOW.is_mature(WINDOW.closes - timedelta(microseconds=1))


def contracts(*rows: tuple[str, str, int, int | None]) -> dict[str, ibis.Table]:
    """Contracts as (customer, contract, day on which the row was known, day of the end)."""
    day = lambda n: None if n is None else AS_OF + timedelta(days=n)  # noqa: E731
    plain = {
        "customer_id": [row[0] for row in rows],
        "contract_id": [row[1] for row in rows],
        "known_at": pa.array([day(row[2]) for row in rows], pa.timestamp("us")),
        "starts_at": pa.array([day(row[4] if len(row) > 4 else -100) for row in rows], pa.timestamp("us")),
        "ended_at": pa.array([day(row[3]) for row in rows], pa.timestamp("us")),
    }
    return {"contracts": ibis.memtable(pa.table(plain))}


def left(tables: dict[str, ibis.Table]) -> dict[str, datetime]:
    dated = LABELS["cancelled"].dated
    assert dated is not None
    found = dated.happened_at(Hindsight(tables, CANONICAL), WINDOW, LabelOptions()).to_pyarrow().to_pylist()
    return {row["customer_id"]: row["happened_at"] for row in found}


@pytest.mark.parametrize(
    ("rows", "day"),
    [
        ([("a", "1", 0, None)], None),
        ([("a", "1", 0, None), ("a", "1", 20, 20)], 20),
        ([("a", "1", 0, 20), ("a", "2", 0, None)], None),
        ([("a", "1", 0, 20), ("a", "2", 0, 30)], 30),
        ([("a", "1", 0, 20), ("a", "1", 5, None)], None),
        ([("a", "1", 0, 20), ("a", "1", 5, 25)], 25),
        ([("a", "1", 0, 20), ("a", "2", 90, None, 90)], 20),
    ],
    ids=[
        "running",
        "ended",
        "one of two ended",
        "the last of two",
        "the end was taken back",
        "the end was corrected",
        "came back after the window",
    ],
)
def test_a_customer_has_cancelled_when_the_last_contract_ended(rows: list, day: int | None) -> None:
    assert left(contracts(*rows)) == ({} if day is None else {"a": AS_OF + timedelta(days=day)})


def observed_and_churned(
    label: str, tables: dict[str, ibis.Table], as_of: datetime, *, lead: int, horizon: int
) -> dict[str, str]:
    """What a label makes of each customer it observes: churned, retained, or in the gap."""
    window, options = LabelWindow.after(as_of, lead_time_days=lead, horizon_days=horizon), LabelOptions(event="payment")
    dated = LABELS[label].dated
    assert dated is not None
    history = History(Hindsight(tables, CANONICAL), as_of=as_of, look_back_days=365)
    observed = {row["customer_id"] for row in dated.observed(history, window, options).to_pyarrow().to_pylist()}
    happened = (
        outcomes(dated.happened_at(Hindsight(tables, CANONICAL), window, options), window).to_pyarrow().to_pylist()
    )
    what = {row["customer_id"]: "gap" if row["left_in_gap"] else "churned" for row in happened if row["churned"]}
    return {customer: what.get(customer, "retained") for customer in observed}


def payments(hours: list[int]) -> dict[str, ibis.Table]:
    """One customer who joined long ago and pays at these hours around AS_OF."""
    moments = pa.array([AS_OF + timedelta(hours=hour) for hour in hours], pa.timestamp("us"))
    size, ago = len(hours), pa.array([AS_OF - timedelta(days=500)], pa.timestamp("us"))
    return {
        "customers": ibis.memtable(
            pa.table({"customer_id": ["a"], "event_at": ago, "known_at": ago, "joined_at": ago})
        ),
        "transactions": ibis.memtable(
            pa.table(
                {
                    "transaction_id": [f"t{n}" for n in range(size)],
                    "customer_id": ["a"] * size,
                    "event_at": moments,
                    "known_at": moments,
                    "kind": ["payment"] * size,
                    "amount": [1.0] * size,
                }
            )
        ),
    }


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(-400 * 24, 150 * 24), min_size=1, max_size=4, unique=True), st.integers(0, 20))
def test_who_was_active_before_and_does_nothing_in_the_window_is_inactive(hours: list[int], lead: int) -> None:
    found = observed_and_churned("inactive", payments(hours), AS_OF, lead=lead, horizon=90)
    active = any(-365 * 24 <= hour < 0 for hour in hours)
    came = any(lead * 24 <= hour < (lead + 90) * 24 for hour in hours)
    assert found == ({"a": "retained" if came else "churned"} if active else {})


def inactive(tables: dict[str, ibis.Table], options: LabelOptions) -> dict[str, int]:
    """What becomes of each customer by the label `inactive`, 1 for those who churned."""
    window, dated = LabelWindow.after(AS_OF, lead_time_days=0, horizon_days=30), LABELS["inactive"].dated
    assert dated is not None
    found = outcomes(dated.happened_at(Hindsight(tables, CANONICAL), window, options), window).to_pyarrow().to_pylist()
    churned = {row["customer_id"] for row in found if row["churned"]}
    return {
        row["customer_id"]: int(row["customer_id"] in churned) for row in tables["customers"].to_pyarrow().to_pylist()
    }


@pytest.mark.parametrize(
    ("versions", "churned"),
    [
        ([(10, 10, "payment")], 0),
        ([(10, 10, "payment"), (10, 12, "failed")], 1),
        ([(10, 10, "payment"), (-1, 12, "payment")], 1),
        ([(-1, -1, "payment"), (10, 12, "payment")], 0),
        ([(10, 10, "failed"), (10, 12, "payment")], 0),
    ],
    ids=["paid", "it had failed", "it was before", "it was within", "it had not failed"],
)
@pytest.mark.parametrize("turned", [False, True])
def test_of_an_event_that_was_corrected_the_last_version_holds(versions: list, churned: int, turned: bool) -> None:
    """Versions of one payment as (day, day on which it was known, kind), in either order of rows."""
    rows = versions[::-1] if turned else versions
    day = lambda n: pa.array([AS_OF + timedelta(days=row[n]) for row in rows], pa.timestamp("us"))  # noqa: E731
    plain = {"transaction_id": ["t"] * len(rows), "customer_id": ["a"] * len(rows), "event_at": day(0)}
    kinds = [row[2] for row in rows]
    paid = pa.table({**plain, "known_at": day(1), "kind": kinds, "amount": [1.0] * len(rows)})
    tables = {**payments([0]), "transactions": ibis.memtable(paid)}
    assert inactive(tables, LabelOptions(event="payment")) == {"a": churned}


@pytest.mark.parametrize("hours", [0, 15], ids=["told by its midnight", "told by a moment of it"])
@pytest.mark.parametrize(
    ("day", "churned"), [(-1, 1), (0, 0), (29, 0), (30, 1)], ids=["before", "first", "last", "after"]
)
def test_a_day_of_use_belongs_to_the_window_that_its_midnight_lies_in(day: int, churned: int, hours: int) -> None:
    """The window opens and closes at midnight; data that end as it closes hold no use of the day after."""
    moment = pa.array([AS_OF + timedelta(days=day, hours=hours)], pa.timestamp("us"))
    known = pa.array([AS_OF + timedelta(days=day + 1)], pa.timestamp("us"))
    used = pa.table({"customer_id": ["a"], "event_at": moment, "known_at": known, "actions": [1]})
    tables = {**payments([0]), "usage": ibis.memtable(used)}
    assert inactive(tables, LabelOptions(table="usage")) == {"a": churned}
    with pytest.raises(SpecError, match=r"label\.event is 'login', but table 'usage' has no column 'kind'; drop it\."):
        inactive(tables, LabelOptions(table="usage", event="login"))


def renewals(renews: int, ended: int | None) -> dict[str, ibis.Table]:
    """One contract, renewed and ended at these hours after AS_OF; the end is known when it comes."""
    hour = lambda n: AS_OF + timedelta(hours=n)  # noqa: E731
    known = [hour(-2000), *([hour(ended)] if ended is not None else [])]
    size = len(known)
    plain = {
        "contract_id": ["k"] * size,
        "customer_id": ["a"] * size,
        "event_at": pa.array(known, pa.timestamp("us")),
        "known_at": pa.array(known, pa.timestamp("us")),
        "plan": ["basic"] * size,
        "price": [9.0] * size,
        "starts_at": pa.array([hour(-2000)] * size, pa.timestamp("us")),
        "renews_at": pa.array([hour(renews)] * size, pa.timestamp("us")),
        "ended_at": pa.array([None, *([hour(ended)] if ended is not None else [])], pa.timestamp("us")),
    }
    return {"contracts": ibis.memtable(pa.table(plain))}


@settings(deadline=None, max_examples=40)
@given(st.integers(-10 * 24, 60 * 24), st.one_of(st.none(), st.integers(1, 80 * 24)))
def test_a_contract_that_is_due_and_ends_by_then_was_not_renewed(renews: int, ended: int | None) -> None:
    found = observed_and_churned("not_renewed", renewals(renews, ended), AS_OF, lead=14, horizon=30)
    if not 14 * 24 <= renews < 44 * 24:
        assert found == {}
    elif ended is None or ended > renews:
        assert found == {"a": "retained"}
    else:
        assert found == {"a": "gap" if ended < 14 * 24 else "churned"}


@pytest.mark.parametrize("label", ["cancelled", "inactive", "not_renewed"])
def test_every_renewal_and_every_edge_belongs_to_one_of_two_windows_that_follow(label: str) -> None:
    """The same moment seen by the date whose window ends with it and by the date whose window opens with it."""
    edge = 44 * 24
    tables = {**payments([-24, edge]), **renewals(edge, edge)}
    first = observed_and_churned(label, tables, AS_OF, lead=14, horizon=30)
    second = observed_and_churned(label, tables, AS_OF + timedelta(days=30), lead=14, horizon=30)
    assert first.get("a") == {"cancelled": "retained", "inactive": "churned", "not_renewed": None}[label]
    assert second["a"] == {"cancelled": "churned", "inactive": "retained", "not_renewed": "churned"}[label]
