"""Days since the last use, payment and support contact."""

import ibis.expr.types as ir

from features.feature import feature
from features.history import History


@feature(table="usage", unit="days", minimum=0)
def days_since_last_use(history: History) -> ir.Value:
    """Days since the product was last used; missing when it was not, within the look-back."""
    return history.days_since(history.usage.event_at.max())


@feature(table="transactions", unit="days", minimum=0)
def days_since_last_payment(history: History) -> ir.Value:
    """Days since the last payment; missing when there was none, within the look-back."""
    payments = history.transactions
    return history.days_since(payments.event_at.max(where=payments.kind == "payment"))


@feature(table="interactions", unit="days", minimum=0)
def days_since_last_contact(history: History) -> ir.Value:
    """Days since the customer last contacted support; missing when never, within the look-back."""
    return history.days_since(history.interactions.event_at.max())
