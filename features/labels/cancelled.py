"""Label `cancelled`: the customer's last contract ends within the window."""

import ibis
import ibis.expr.types as ir

from features.hindsight import Hindsight
from features.history import History
from features.label import Dated, Label, LabelOptions, LabelWindow


def observed(history: History, _window: LabelWindow, _options: LabelOptions) -> ir.Table:
    """The customers with a contract that had begun and, for all that was known, not ended."""
    return history.contracts.filter(history.running()).select("customer_id").distinct()


def happened_at(known_today: Hindsight, window: LabelWindow, _options: LabelOptions) -> ir.Table:
    """When the last of the contracts that had begun before the end of the window ended; no row where one has no end.

    Of several versions of a contract the one known last holds.
    """
    contracts = known_today.latest("contracts")
    begun = contracts.filter(contracts.starts_at < ibis.literal(window.closes, type="timestamp"))
    customers = begun.group_by("customer_id").aggregate(
        happened_at=begun.ended_at.max(), running=begun.ended_at.isnull().any()
    )
    return customers.filter(~customers.running).select("customer_id", "happened_at")


LABEL = Label("cancelled", "the customer's last contract ends", Dated(observed, happened_at))
