"""A customer who was active before does nothing of a kind within the window."""

import ibis
import ibis.expr.types as ir

from features.history import History
from features.label import Dated, Label, LabelOptions, LabelWindow, Tables


def observed(history: History, _window: LabelWindow, options: LabelOptions) -> ir.Table:
    """The customers with such an event in the last `active_days` days, as far as the look-back reaches."""
    events = _of_the_kind(history.table(options.table), options)
    return events.filter(history.within(events, options.active_days)).select("customer_id").distinct()


def happened_at(tables: Tables, window: LabelWindow, options: LabelOptions) -> ir.Table:
    """The end of the window for everybody who had no such event within it; an event at its very end is within it."""
    events = _of_the_kind(tables[options.table], options)
    opens, closes = (ibis.literal(moment, type="timestamp") for moment in (window.opens, window.closes))
    came = events.filter((events.event_at > opens) & (events.event_at <= closes)).select("customer_id").distinct()
    everybody = tables["customers"].select("customer_id").distinct()
    return everybody.anti_join(came, "customer_id").mutate(happened_at=closes)


def _of_the_kind(events: ir.Table, options: LabelOptions) -> ir.Table:
    return events if options.event is None else events.filter(events.kind == options.event)


LABEL = Label("inactive", "the customer, active before, does nothing of a kind", Dated(observed, happened_at))
