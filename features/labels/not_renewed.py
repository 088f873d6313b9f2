"""Label `not_renewed`: a contract due for renewal within the window ends instead."""

import ibis
import ibis.expr.types as ir

from features.hindsight import Hindsight
from features.history import History
from features.label import Dated, Label, LabelOptions, LabelWindow


def observed(history: History, window: LabelWindow, _options: LabelOptions) -> ir.Table:
    """The customers with a running contract that, for all that was known, is renewed within the window.

    With a lead time of N days each renewal is warned of N days ahead, by one date of observation and no other.
    """
    contracts = history.contracts
    due = _within(contracts.renews_at, window)
    return contracts.filter(history.running() & due).select("customer_id").distinct()


def happened_at(known_today: Hindsight, window: LabelWindow, _options: LabelOptions) -> ir.Table:
    """When a contract that was due within the window ended, on the day of its renewal at the latest.

    What was due is what was known at the observation; how it ended is what the version known last says.
    """
    contracts = known_today.tables["contracts"]
    as_of = ibis.literal(window.as_of, type="timestamp")
    key = ["customer_id", "contract_id"]
    before = contracts.filter(contracts.known_at < as_of)
    asked = before.group_by(key).aggregate(renews_at=before.renews_at.argmax(before.known_at))
    now = known_today.latest("contracts").select(*key, "ended_at")
    both = asked.filter(_within(asked.renews_at, window)).inner_join(now, key)
    ended = both.filter(both.ended_at <= both.renews_at)
    return ended.group_by("customer_id").aggregate(happened_at=ended.ended_at.max())


def _within(moment: ir.TimestampValue, window: LabelWindow) -> ir.BooleanValue:
    opens, closes = (ibis.literal(edge, type="timestamp") for edge in (window.opens, window.closes))
    return (moment >= opens) & (moment < closes)


LABEL = Label("not_renewed", "a contract due for renewal ends instead", Dated(observed, happened_at))
