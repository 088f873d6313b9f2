"""What the customer has subscribed to, at what price, and when it is next renewed."""

import ibis.expr.types as ir

from features.feature import feature
from features.history import History


@feature(table="contracts", unit="currency", minimum=0)
def price(history: History) -> ir.Value:
    """Price a month."""
    return history.last("contracts", "price")


@feature(table="contract_versions", unit="currency", days=(120,))
def price_change(history: History, days: int) -> ir.Value:
    """Change of the price within the last {days} days."""
    now = history.last("contract_versions", "price")
    before = ~history.within(history.contract_versions, days)
    return now - history.last("contract_versions", "price", before).fill_null(now)


@feature(table="contract_versions", unit="count", minimum=0)
def plan_changes(history: History) -> ir.Value:
    """Changes to another plan so far."""
    return history.contract_versions.plan.nunique() - 1


@feature(table="contracts", unit="days")
def days_to_renewal(history: History) -> ir.Value:
    """Days until the contract is next renewed; missing when it is not renewed."""
    return -history.days_since(history.contracts.renews_at.max())


@feature(table="contracts", unit=None, type="category")
def plan(history: History) -> ir.Value:
    """The plan."""
    return history.last("contracts", "plan")
