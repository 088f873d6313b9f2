"""Label `inactive`: a previously active customer has no event of a kind within the window."""

import ibis
import ibis.expr.types as ir

from features.errors import SpecError
from features.hindsight import Hindsight
from features.history import History
from features.label import Dated, Label, LabelOptions, LabelWindow


def observed(history: History, _window: LabelWindow, options: LabelOptions) -> ir.Table:
    """The customers with such an event in the last `active_days` days, as far as the look-back reaches."""
    events = _of_the_kind(history.table(options.table), options)
    return events.filter(history.within(events, options.active_days)).select("customer_id").distinct()


def happened_at(known_today: Hindsight, window: LabelWindow, options: LabelOptions) -> ir.Table:
    """The opening of the window for everybody who had no such event within it, whatever there was in the gap.

    Of several versions of an event the one known last holds. A row of a whole day stands where its midnight does.
    """
    events = _of_the_kind(known_today.latest(options.table), options)
    opens, closes = (ibis.literal(moment, type="timestamp") for moment in (window.opens, window.closes))
    moment = events.event_at.truncate("D") if known_today.declared[options.table].daily else events.event_at
    within = (moment >= opens) & (moment < closes)
    everybody = known_today.latest("customers").select("customer_id")
    return everybody.anti_join(events.filter(within), "customer_id").mutate(happened_at=opens)


def _of_the_kind(events: ir.Table, options: LabelOptions) -> ir.Table:
    if options.event is None:
        return events
    if "kind" not in events.columns:
        raise SpecError(f"label.event is '{options.event}', but table '{options.table}' has no column 'kind'; drop it.")
    return events.filter(events.kind == options.event)


LABEL = Label("inactive", "the customer, active before, does nothing of a kind", Dated(observed, happened_at))
