"""The law of time: an event at any moment lies in exactly one of before, gap, window and after."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any

import ibis
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from features import labels
from features.catalog import all_features, by_theme
from features.feature import Feature
from features.hindsight import Hindsight
from features.history import History, source_of
from features.label import Label, LabelOptions, LabelWindow
from features.observations import outcomes, treatments_at
from features.plugins import discover
from features.tables import CANONICAL

LABELS = {name: label for name, label in discover(labels, Label).items() if label.dated}
THEMES = by_theme(list(all_features().values()))
EVENTS = ("usage", "milestones", "transactions", "interactions", "surveys", "treatments")
AS_OF = datetime(2024, 7, 1)
LONG_AGO = AS_OF - timedelta(days=300)
JOINED = AS_OF - timedelta(days=5)
LEAD, HORIZON = 14, 30
PLAIN: dict[str, Any] = {
    "kind": "payment",
    "amount": 5.0,
    "actions": 3,
    "channel": "chat",
    "complaint": True,
    "sentiment": 0.5,
    "touchpoint": "renewal",
    "score": 7.0,
    "campaign": "c",
    "action": "call",
    "probability": 0.5,
    "step": "import",
    "plan": "basic",
    "price": 9.0,
    "starts_at": LONG_AGO,
    "joined_at": LONG_AGO,
}
# A row of any table two months before, with keys of its own, and one more that says something else.
EARLIER = {"event_at": AS_OF - timedelta(days=60), "transaction_id": "t0", "interaction_id": "i0", "survey_id": "s0"}
EARLIER |= {"treatment_id": "r0", "step": "first"}
OTHER = {"sentiment": -0.5, "price": 5.0, "plan": "plus", "segment": "x", "region": "y", "language": "z"}
OTHER |= {"joined_at": LONG_AGO - timedelta(days=9)}
# Its numbers are larger, or smaller: a largest amount sees the one, a smallest the other.
LARGER = {**OTHER, "amount": 50.0, "discount": 20.0, "actions": 30, "score": 10.0, "handling_minutes": 90.0}
SMALLER = {**OTHER, "amount": 0.5, "discount": 0.0, "actions": 1, "score": 0.0, "handling_minutes": 1.0}
# Whole days stand at their midnights; times anywhere, the edges and a microsecond on either side of each among them.
DAYS = st.integers(-40, 80).map(lambda day: AS_OF + timedelta(days=day))
EDGES = st.sampled_from([0, LEAD, LEAD + HORIZON, 1]).map(lambda day: AS_OF + timedelta(days=day))
BESIDE = st.builds(lambda edge, by: edge + timedelta(microseconds=by), EDGES, st.integers(-1, 1))
TIMES = st.integers(-40 * 86_400, 80 * 86_400).map(lambda second: AS_OF + timedelta(seconds=second))
MOMENTS = st.one_of(DAYS, TIMES, EDGES, BESIDE)


def rows(name: str, *given: dict[str, Any]) -> ibis.Table:
    """Rows of customer a, known when they happen."""
    keys = {one: "k" for one in CANONICAL[name].key if one.endswith("_id")}
    full = [
        {one: {**PLAIN, **keys, "customer_id": "a", **row}.get(one) for one in CANONICAL[name].names} for row in given
    ]
    full = [{**row, "known_at": row["known_at"] or row["event_at"]} for row in full]
    schema = pa.schema([(one.name, pa.type_for_alias(one.arrow_type)) for one in CANONICAL[name].columns])
    return ibis.memtable(pa.Table.from_pylist(full, schema=schema))


def world(**events: list[dict[str, Any]]) -> Hindsight:
    """Customer a, who joined within the look-back and has a contract, and these events."""
    plain = {"customers": [{"event_at": JOINED, "joined_at": JOINED}], "contracts": [{"event_at": LONG_AGO}], **events}
    return Hindsight({name: rows(name, *given) for name, given in plain.items()}, CANONICAL)


def place(moment: datetime, *, lead: int) -> str:
    """The oracle: where a moment lies, by nothing but comparisons."""
    opens = AS_OF + timedelta(days=lead)
    if moment < AS_OF:
        return "before"
    if moment < opens:
        return "gap"
    return "window" if moment < opens + timedelta(days=HORIZON) else "after"


def told(table: str, moment: datetime) -> datetime:
    """The moment by which an event counts: of a table of whole days, the day."""
    return datetime.combine(moment, datetime.min.time()) if CANONICAL[table].daily else moment


def values(features: tuple[Feature, ...], today: Hindsight) -> dict[str, Any]:
    history = History(today, as_of=AS_OF, look_back_days=180)
    found: dict[str, Any] = {}
    for table in {one.table for one in features if one.table in history}:
        of_table = {one.column.name: one.aggregate(history) for one in features if one.table == table}
        aggregates = history.table(table).group_by("customer_id").aggregate(**of_table).to_pyarrow().to_pylist()
        found |= {f"{table}: {key}": value for row in aggregates for key, value in row.items()}
    return found


@cache
def without(theme: str, table: str) -> dict[str, Any]:
    """What a theme's features are where the table has its earlier row only."""
    return values(THEMES[theme], world(**{table: [EARLIER]}))


def became(label: str, today: Hindsight, options: LabelOptions, *, lead: int) -> str | None:
    """What a label makes of customer a: churned, retained, gap, or None where it does not observe them."""
    window, dated = LabelWindow.after(AS_OF, lead_time_days=lead, horizon_days=HORIZON), LABELS[label].dated
    assert dated is not None
    history = History(today, as_of=AS_OF, look_back_days=365)
    if not dated.observed(history, window, options).to_pyarrow().num_rows:
        return None
    [row] = outcomes(dated.happened_at(today, window, options), window).to_pyarrow().to_pylist() or [{}]
    return "gap" if row.get("left_in_gap") else "churned" if row.get("churned") else "retained"


@pytest.mark.parametrize("theme", THEMES)
@settings(deadline=None, max_examples=6)
@given(moment=MOMENTS)
@example(moment=AS_OF)
@example(moment=AS_OF - timedelta(microseconds=1))
@example(moment=AS_OF - timedelta(days=1))
def test_a_theme_sees_what_lies_before_the_observation_and_nothing_else(theme: str, moment: datetime) -> None:
    """The tables that a theme reads, each with one more row; a day or a time, what is not before changes nothing."""
    for table in sorted({source_of(one.table) for one in THEMES[theme]}):
        beside = (
            values(THEMES[theme], world(**{table: [EARLIER, {**other, "event_at": moment}]}))
            for other in (LARGER, SMALLER)
        )
        if place(moment, lead=LEAD) != "before":
            assert all(without(theme, table) == one for one in beside), table
        elif moment >= AS_OF - timedelta(days=5):
            assert any(without(theme, table) != one for one in beside), table


@pytest.mark.parametrize("table", EVENTS)
@settings(deadline=None, max_examples=12)
@given(moment=MOMENTS, lead=st.sampled_from([0, LEAD]))
@example(moment=AS_OF, lead=0)
@example(moment=AS_OF, lead=LEAD)
@example(moment=AS_OF + timedelta(days=LEAD), lead=LEAD)
@example(moment=AS_OF + timedelta(days=HORIZON), lead=0)
def test_an_event_of_any_table_is_seen_by_features_or_by_the_label_or_lies_in_the_gap_or_after(
    table: str, moment: datetime, lead: int
) -> None:
    """`inactive` looks for the events of any table; the history sees those before, its window those within."""
    earlier = {"event_at": AS_OF - timedelta(days=100), "step": "first", CANONICAL[table].key[0]: "earlier"}
    earlier["customer_id"] = "a"
    today = world(**{table: [earlier, {"event_at": moment}]})
    options = LabelOptions(table=table)
    history = History(today, as_of=AS_OF, look_back_days=180)
    before = len(history.table(table).to_pyarrow()) == 2
    within = became("inactive", today, options, lead=lead) == "retained"
    where = place(told(table, moment), lead=lead)
    assert (before, within) == (where == "before", where == "window")


@pytest.mark.parametrize("label", ["cancelled", "not_renewed"])
@settings(deadline=None, max_examples=12)
@given(moment=MOMENTS, lead=st.sampled_from([0, LEAD]))
@example(moment=AS_OF, lead=0)
@example(moment=AS_OF, lead=LEAD)
@example(moment=AS_OF + timedelta(days=HORIZON), lead=0)
def test_the_end_of_a_contract_is_before_in_the_gap_in_the_window_or_after(
    label: str, moment: datetime, lead: int
) -> None:
    """Due on the last day of the window, so that `not_renewed` observes it: an end lies by then, or it is none."""
    due = AS_OF + timedelta(days=lead + HORIZON, microseconds=-1)
    ended = [{"event_at": LONG_AGO, "renews_at": due}, {"event_at": moment, "renews_at": due, "ended_at": moment}]
    found = became(label, world(contracts=ended), LabelOptions(), lead=lead)
    expected = {"before": None, "gap": "gap", "window": "churned", "after": "retained"}
    assert found == expected[place(moment, lead=lead)]


@settings(deadline=None, max_examples=15)
@given(moment=MOMENTS, lead=st.sampled_from([0, 1, LEAD]))
@example(moment=AS_OF, lead=0)
@example(moment=AS_OF + timedelta(days=1), lead=0)
def test_an_arm_assigned_at_the_observation_is_the_observations_and_no_feature(moment: datetime, lead: int) -> None:
    window = LabelWindow.after(AS_OF, lead_time_days=lead, horizon_days=HORIZON)
    today = world(treatments=[{"event_at": moment}])
    seen = len(History(today, as_of=AS_OF, look_back_days=180).treatments.to_pyarrow())
    given = len(treatments_at(today, window).to_pyarrow())
    assert (seen, given) == (moment < AS_OF, AS_OF <= moment < AS_OF + timedelta(days=max(lead, 1)))
