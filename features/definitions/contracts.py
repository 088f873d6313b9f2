"""Subscription, price and next renewal of the customer; contracts that have ended do not count."""

import ibis.expr.types as ir

from features.feature import feature
from features.history import History, total


@feature(table="contracts", unit="currency", minimum=0)
def price(history: History) -> ir.Value:
    """Price a month, of the running contract that changed last."""
    return history.last("contracts", "price", history.running())


@feature(table="contract_changes", unit="currency", days=(120,))
def price_change(history: History, days: int) -> ir.Value:
    """Change of the price within the last {days} days, contract by contract."""
    changes = history.contract_changes
    return total(changes.price - changes.price_before, history.within(changes, days))


@feature(table="contract_changes", unit="count", minimum=0)
def plan_changes(history: History) -> ir.Value:
    """Changes of a contract to another plan so far."""
    changes = history.contract_changes
    return changes.count(where=changes.plan != changes.plan_before)


@feature(table="contracts", unit="days")
def days_to_renewal(history: History) -> ir.Value:
    """Days until a running contract is next renewed; missing when none is renewed."""
    return -history.days_since(history.contracts.renews_at.min(where=history.running()))


@feature(table="contracts", unit=None, type="category")
def plan(history: History) -> ir.Value:
    """The plan of the running contract that changed last."""
    return history.last("contracts", "plan", history.running())
