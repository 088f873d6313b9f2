"""The laws of labels: what each must give, what it may know, and what must change nothing in it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.hindsight import Hindsight
from features.history import History
from features.label import Label, LabelOptions, LabelWindow
from features.observations import outcomes
from features.tables import CANONICAL
from tests.conformance.small_world import (
    AS_OF,
    EVENTS,
    Tables,
    free_key,
    known_before,
    of_customers,
    replaced,
    shuffled,
    small_world,
)

WINDOW = LabelWindow.after(AS_OF, lead_time_days=7, horizon_days=30)
LONG_AGO = timedelta(days=1000)
TOLD_LAST = datetime(2026, 1, 1)  # later than all that the world tells


@cache
def world() -> Tables:
    """The small world, and eight customers more, whose contracts are due within the window; every second ends then."""
    tables, due = dict(small_world()), AS_OF + timedelta(days=20)
    begun = {"event_at": AS_OF - timedelta(days=345), "known_at": AS_OF - timedelta(days=345)}
    ended = {"event_at": due, "known_at": due, "ended_at": due}
    customers = [{"customer_id": f"D{k}", "joined_at": begun["event_at"], **begun} for k in range(8)]
    contracts = [{"customer_id": f"D{k}", "contract_id": f"due{k}", "plan": "basic", "price": 9.0} for k in range(8)]
    contracts = [{**one, "starts_at": begun["event_at"], "renews_at": due, **begun} for one in contracts]
    contracts += [{**one, **ended} for one in contracts[::2]]
    for name, rows in {"customers": customers, "contracts": contracts}.items():
        full = [{**dict.fromkeys(tables[name].column_names), **row} for row in rows]
        tables[name] = pa.concat_tables([tables[name], pa.Table.from_pylist(full, schema=tables[name].schema)])
    return tables


@dataclass(frozen=True)
class Said:
    """What a label gives of a world: its two tables, and what becomes of each customer whom it observes."""

    observed: pa.Table
    happened: pa.Table

    @property
    def customers(self) -> list[str]:
        """Whom it observes, sorted."""
        return sorted(self.observed["customer_id"].to_pylist())

    @property
    def became(self) -> dict[str, str]:
        """What becomes of whom it observes: churned, gap or retained."""
        happened = outcomes(ibis.memtable(self.happened), WINDOW).to_pyarrow().to_pylist()
        what = {row["customer_id"]: "gap" if row["left_in_gap"] else "churned" for row in happened if row["churned"]}
        return {customer: what.get(customer, "retained") for customer in self.customers}


def said(label: Label, options: LabelOptions, tables: Tables | None = None) -> Said:
    """What a label gives of the world, or of these tables."""
    dated = label.dated
    assert dated is not None
    today = Hindsight({name: ibis.memtable(rows) for name, rows in (tables or world()).items()}, CANONICAL)
    history = History(today, as_of=AS_OF, look_back_days=180)
    observed, happened = dated.observed(history, WINDOW, options), dated.happened_at(today, WINDOW, options)
    return Said(observed.to_pyarrow(), happened.to_pyarrow())


def it_gives_the_columns_and_types_that_it_must(label: Label, options: LabelOptions) -> None:
    found = said(label, options)
    text, moment = pa.field("customer_id", pa.string()), pa.field("happened_at", pa.timestamp("us"))
    assert list(found.observed.schema) == [text], "observed gives customer_id, text, and nothing else"
    assert list(found.happened.schema) == [text, moment], "happened_at gives customer_id and happened_at, a timestamp"


def it_gives_a_row_a_customer_and_date(label: Label, options: LabelOptions) -> None:
    found = said(label, options)
    for rows in (found.observed, found.happened):
        assert not any(column.null_count for column in rows.columns), "a value is missing"
        customers = rows["customer_id"].to_pylist()
        twice = sorted({one for one in customers if customers.count(one) > 1})
        assert not twice, f"more than one row of {twice[:3]} and others"


def it_observes_customers_of_whom_some_leave_and_some_stay(label: Label, options: LabelOptions) -> None:
    """Or else no law could tell anything of it."""
    found, there = said(label, options), set(world()["customers"]["customer_id"].to_pylist())
    assert set(found.customers) <= there, "customers whom nobody knows"
    assert {"churned", "retained"} <= set(found.became.values()), "in the window nobody leaves, or everybody"


def it_observes_by_what_was_known_before_the_date(label: Label, options: LabelOptions) -> None:
    """What was known later may be deleted, and what happened before and was known later may be added."""
    tables, found = world(), said(label, options).customers
    assert said(label, options, known_before(tables, AS_OF)).customers == found, "rows known later are looked at"
    told_late = {"event_at": AS_OF - timedelta(hours=5), "known_at": AS_OF}
    late = {name: _more(name, rows, **told_late) for name, rows in tables.items() if name in EVENTS}
    assert said(label, options, {**tables, **late}).customers == found, "rows known at the date are looked at"


def what_happens_from_the_end_of_the_window_changes_nothing(label: Label, options: LabelOptions) -> None:
    """It may be deleted, and more of it may be added."""
    tables, found = world(), said(label, options).became
    before = {name: rows.filter(pc.less(rows["event_at"], pa.scalar(WINDOW.closes))) for name, rows in tables.items()}
    assert all(len(before[name]) < len(tables[name]) for name in ("usage", "transactions", "contracts"))
    assert said(label, options, before).became == found, "what happened after the window is looked at"
    after = {"event_at": WINDOW.closes, "known_at": WINDOW.closes + timedelta(days=1)}
    more = {name: _more(name, rows, **after) for name, rows in tables.items() if name in EVENTS}
    assert said(label, options, {**tables, **more}).became == found, "what happens as the window closes counts"


def the_order_of_rows_changes_nothing(label: Label, options: LabelOptions) -> None:
    tables, found = world(), said(label, options)
    for seed in (0, 1):
        again = said(label, options, shuffled(tables, seed))
        assert (again.customers, again.became) == (found.customers, found.became)
        assert _sorted(again.happened).equals(_sorted(found.happened))


def other_customers_change_nothing(label: Label, options: LabelOptions) -> None:
    everybody = world()["customers"]["customer_id"].to_pylist()
    found, some = said(label, options).became, np.random.default_rng(0).choice(everybody, 100, replace=False).tolist()
    alone = said(label, options, of_customers(world(), some)).became
    assert alone == {customer: what for customer, what in found.items() if customer in some}


def a_correction_changes_whom_it_observes_when_it_was_known_and_no_sooner(label: Label, options: LabelOptions) -> None:
    """All that was known 10 days before is said to have been otherwise, a day before the date, or on the date."""
    tables, found = world(), said(label, options).customers
    wrong = {name: _otherwise(name, rows) for name, rows in known_before(tables, AS_OF - timedelta(days=10)).items()}
    for known_at, changes in ((AS_OF - timedelta(days=1), True), (AS_OF, False)):
        told = said(label, options, _with(tables, wrong, known_at)).customers
        assert (told != found) is changes, "an early correction is not seen" if changes else "a late correction is seen"


def a_correction_of_what_happened_changes_the_outcome(label: Label, options: LabelOptions) -> None:
    """All that happened from the date until the window closed is said, later than all else, to have been otherwise."""
    tables, found = world(), said(label, options).became
    happened = {
        name: rows.filter(
            pc.and_(
                pc.greater_equal(rows["event_at"], pa.scalar(AS_OF)),
                pc.less(rows["event_at"], pa.scalar(WINDOW.closes)),
            )
        )
        for name, rows in tables.items()
    }
    wrong = {name: _otherwise(name, rows) for name, rows in happened.items()}
    told = said(label, options, _with(tables, wrong, TOLD_LAST)).became
    assert {customer: told.get(customer) for customer in found} != found, "the last version does not hold"


def _with(tables: Tables, more: Tables, known_at: datetime) -> Tables:
    return {name: pa.concat_tables([rows, replaced(more[name], known_at=known_at)]) for name, rows in tables.items()}


def _otherwise(name: str, rows: pa.Table) -> pa.Table:
    """The same rows with all that may be said otherwise: what ended runs, what ran has ended, events were long ago.

    A day of use is one of which nothing is left. Of customers nothing is said anew.
    """
    if name == "customers":
        return rows.slice(0, 0)
    if name == "usage":
        return replaced(rows, actions=0, kinds=0, sessions=0, minutes=0.0)
    if name == "contracts":
        ended = pc.if_else(pc.is_null(rows["ended_at"]), rows["event_at"], pa.scalar(None, rows["ended_at"].type))
        return replaced(rows, ended_at=ended, price=pc.add(rows["price"], 100.0), plan="another")
    return replaced(rows, event_at=pc.subtract(rows["event_at"], pa.scalar(LONG_AGO, pa.duration("us"))))


def _more(name: str, rows: pa.Table, **moments: datetime) -> pa.Table:
    """The rows, and one more for each customer at these moments."""
    customers = pc.unique(rows["customer_id"])
    some = rows.take(pc.index_in(customers, rows["customer_id"].combine_chunks()))
    if key := free_key(name):
        moments = {**moments, key: pa.array([f"more{k}" for k in range(len(some))])}
    return pa.concat_tables([rows, replaced(some, **moments)])


def _sorted(rows: pa.Table) -> pa.Table:
    return rows.sort_by([(name, "ascending") for name in rows.column_names]).combine_chunks()


Law = Callable[[Label, LabelOptions], None]
LAWS: dict[str, Law] = {
    law.__name__: law
    for law in (
        it_gives_the_columns_and_types_that_it_must,
        it_gives_a_row_a_customer_and_date,
        it_observes_customers_of_whom_some_leave_and_some_stay,
        it_observes_by_what_was_known_before_the_date,
        what_happens_from_the_end_of_the_window_changes_nothing,
        the_order_of_rows_changes_nothing,
        other_customers_change_nothing,
        a_correction_changes_whom_it_observes_when_it_was_known_and_no_sooner,
        a_correction_of_what_happened_changes_the_outcome,
    )
}
