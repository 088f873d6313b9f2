"""How long the customer has been with us, on what plan, and when the contract is next renewed."""

import ibis.expr.types as ir

from features.feature import feature
from features.history import History


@feature(table="customers", unit="days", minimum=0)
def tenure_days(history: History) -> ir.Value:
    """Days since the customer joined."""
    return history.days_since(history.customers.joined_at.min())


@feature(table="contracts", unit="days")
def days_to_renewal(history: History) -> ir.Value:
    """Days until the contract is next renewed; missing when it is not renewed."""
    return -history.days_since(history.contracts.renews_at.max())


@feature(table="contracts", unit=None, type="category")
def plan(history: History) -> ir.Value:
    """The plan."""
    return history.contracts.plan.argmax(history.contracts.event_at)


@feature(table="customers", unit=None, type="category")
def segment(history: History) -> ir.Value:
    """The market segment."""
    return history.customers.segment.argmax(history.customers.event_at)


@feature(table="customers", unit=None, type="category")
def region(history: History) -> ir.Value:
    """Where the customer lives."""
    return history.customers.region.argmax(history.customers.event_at)
