"""What every label must do: give the columns it must, each customer once, and know only what it may.

The laws stand in `label_laws`; each is shown to fail for a label that breaks it.
"""

from collections.abc import Callable
from dataclasses import replace

import ibis
import ibis.expr.types as ir
import pytest

from features import labels
from features.hindsight import Hindsight
from features.history import History
from features.label import Dated, Label, LabelOptions, LabelWindow
from features.plugins import discover, names
from tests.conformance.label_laws import LAWS

LABELS = discover(labels, Label)
DATED = {name: label for name, label in LABELS.items() if label.dated}
# A table of events at moments, and one of whole days.
OPTIONS = {"payments": LabelOptions(event="payment", active_days=60), "use": LabelOptions("usage", active_days=60)}
EVERY_LAW = pytest.mark.parametrize("law", LAWS.values(), ids=LAWS.keys())


def test_a_label_is_named_after_its_file_and_says_what_it_is() -> None:
    assert list(LABELS) == names(labels)
    assert all(label.meaning for label in LABELS.values())


@EVERY_LAW
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
@pytest.mark.parametrize("label", DATED.values(), ids=DATED.keys())
def test_every_label_keeps_every_law(label: Label, options: LabelOptions, law: Callable[..., None]) -> None:
    law(label, options)


# Labels that break one law each: that of a label that is right, with one of its two functions changed.

Observed = Callable[[History, LabelWindow, LabelOptions], ir.Table]
HappenedAt = Callable[[Hindsight, LabelWindow, LabelOptions], ir.Table]


def broken(of: str, *, observed: Observed | None = None, happened_at: HappenedAt | None = None) -> Label:
    dated = LABELS[of].dated
    assert dated is not None
    return replace(LABELS[of], dated=Dated(observed or dated.observed, happened_at or dated.happened_at))


def right(of: str) -> Dated:
    dated = LABELS[of].dated
    assert dated is not None
    return dated


def all_customers(history: History, _window: LabelWindow, _options: LabelOptions) -> ir.Table:
    """Also those who left long ago."""
    return history.customers.select("customer_id")


def with_the_plan(history: History, _window: LabelWindow, _options: LabelOptions) -> ir.Table:
    return history.contracts.filter(history.running()).select("customer_id", "plan").distinct()


def on_a_day(today: Hindsight, window: LabelWindow, options: LabelOptions) -> ir.Table:
    return (
        right("cancelled").happened_at(today, window, options).mutate(happened_at=lambda rows: rows.happened_at.date())
    )


def each_payment(history: History, _window: LabelWindow, options: LabelOptions) -> ir.Table:
    return history.table(options.table).select("customer_id")


def each_end(today: Hindsight, _window: LabelWindow, _options: LabelOptions) -> ir.Table:
    contracts = today.tables["contracts"]
    doubled = contracts.union(contracts)
    return doubled.filter(doubled.ended_at.notnull()).select("customer_id", happened_at="ended_at")


def and_nobody(history: History, window: LabelWindow, options: LabelOptions) -> ir.Table:
    found = right("cancelled").observed(history, window, options)
    return found.mutate(customer_id=found.customer_id.nullif(found.customer_id.min().over()))


def strangers(history: History, window: LabelWindow, options: LabelOptions) -> ir.Table:
    found = right("cancelled").observed(history, window, options)
    return found.mutate(customer_id=ibis.literal("no ") + found.customer_id)


def nobody_leaves(today: Hindsight, window: LabelWindow, options: LabelOptions) -> ir.Table:
    return right("cancelled").happened_at(today, window, options).limit(0)


def in_hindsight(history: History, _window: LabelWindow, options: LabelOptions) -> ir.Table:
    """Who ever did anything, by all that is known today."""
    return history._known_today.latest(options.table).select("customer_id").distinct()


def known_on_the_date(history: History, _window: LabelWindow, options: LabelOptions) -> ir.Table:
    """Off by one: what became known at the moment of the observation is seen too."""
    events = history._known_today.tables[options.table]
    few = events.filter(events.known_at <= history.as_of, events.event_at >= history.days_ago(1))
    return few.filter(few.event_at < history.as_of).select("customer_id").distinct()


def until_today(today: Hindsight, window: LabelWindow, options: LabelOptions) -> ir.Table:
    """Who came back after the window is said to have stayed."""
    events, opens = today.latest(options.table), ibis.literal(window.opens, type="timestamp")
    everybody = today.latest("customers").select("customer_id")
    return everybody.anti_join(events.filter(events.event_at >= opens), "customer_id").mutate(happened_at=opens)


def with_the_moment_of_closing(today: Hindsight, window: LabelWindow, options: LabelOptions) -> ir.Table:
    """Off by one: what happens as the window closes is said to lie within it."""
    events = today.latest(options.table)
    opens, closes = (ibis.literal(moment, type="timestamp") for moment in (window.opens, window.closes))
    within = (events.event_at >= opens) & (events.event_at <= closes)
    everybody = today.latest("customers").select("customer_id")
    return everybody.anti_join(events.filter(within), "customer_id").mutate(happened_at=opens)


def the_first_hundred(history: History, _window: LabelWindow, _options: LabelOptions) -> ir.Table:
    return history.customers.select("customer_id").limit(100)


def any_end(today: Hindsight, _window: LabelWindow, _options: LabelOptions) -> ir.Table:
    contracts = today.tables["contracts"]
    return contracts.group_by("customer_id").aggregate(
        happened_at=contracts.ended_at.fill_null(ibis.timestamp("2030-01-01")).first()
    )


def every_second(history: History, _window: LabelWindow, _options: LabelOptions) -> ir.Table:
    found = history.customers.select("customer_id", place=ibis.row_number().over(order_by="customer_id"))
    return found.filter(found.place % 2 == 0).select("customer_id")


def as_first_told(history: History, _window: LabelWindow, _options: LabelOptions) -> ir.Table:
    versions = history.contract_versions
    first = versions.group_by("customer_id").aggregate(ended_at=versions.ended_at.argmin(versions.known_at))
    return first.filter(first.ended_at.isnull()).select("customer_id")


def as_told_when_it_closed(today: Hindsight, window: LabelWindow, options: LabelOptions) -> ir.Table:
    closes = ibis.literal(window.closes, type="timestamp")
    tables = {name: rows.filter(rows.known_at < closes) for name, rows in today.tables.items()}
    return right("cancelled").happened_at(Hindsight(tables, today.declared), window, options)


BROKEN: list[tuple[str, Label]] = [
    ("it_gives_the_columns_and_types_that_it_must", broken("cancelled", observed=with_the_plan)),
    ("it_gives_the_columns_and_types_that_it_must", broken("cancelled", happened_at=on_a_day)),
    ("it_gives_a_row_a_customer_and_date", broken("inactive", observed=each_payment)),
    ("it_gives_a_row_a_customer_and_date", broken("cancelled", happened_at=each_end)),
    ("it_gives_a_row_a_customer_and_date", broken("cancelled", observed=and_nobody)),
    ("it_observes_customers_of_whom_some_leave_and_some_stay", broken("cancelled", observed=strangers)),
    ("it_observes_customers_of_whom_some_leave_and_some_stay", broken("cancelled", happened_at=nobody_leaves)),
    ("it_observes_by_what_was_known_before_the_date", broken("inactive", observed=in_hindsight)),
    ("it_observes_by_what_was_known_before_the_date", broken("inactive", observed=known_on_the_date)),
    ("what_happens_from_the_end_of_the_window_changes_nothing", broken("inactive", happened_at=until_today)),
    (
        "what_happens_from_the_end_of_the_window_changes_nothing",
        broken("inactive", happened_at=with_the_moment_of_closing),
    ),
    ("the_order_of_rows_changes_nothing", broken("cancelled", observed=the_first_hundred)),
    ("the_order_of_rows_changes_nothing", broken("cancelled", happened_at=any_end)),
    ("other_customers_change_nothing", broken("cancelled", observed=every_second)),
    (
        "a_correction_changes_whom_it_observes_when_it_was_known_and_no_sooner",
        broken("cancelled", observed=as_first_told),
    ),
    (
        "a_correction_changes_whom_it_observes_when_it_was_known_and_no_sooner",
        broken("inactive", observed=in_hindsight),
    ),
    ("a_correction_of_what_happened_changes_the_outcome", broken("cancelled", happened_at=as_told_when_it_closed)),
]


def test_every_law_has_a_label_that_breaks_it() -> None:
    assert {law for law, _ in BROKEN} == LAWS.keys()


@pytest.mark.parametrize(("law", "label"), BROKEN)
def test_a_law_fails_for_a_label_that_breaks_it(law: str, label: Label) -> None:
    with pytest.raises(AssertionError):
        LAWS[law](label, OPTIONS["payments"])
