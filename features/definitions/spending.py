"""What the customer pays, and where payment goes wrong."""

import ibis.expr.types as ir

from features.feature import feature
from features.history import History


@feature(table="transactions", unit="currency", days=(30, 90), minimum=0)
def spend(history: History, days: int) -> ir.Value:
    """Money paid in the last {days} days."""
    money = history.transactions
    return money.amount.sum(where=history.within(money, days) & (money.kind == "payment")).fill_null(0)


@feature(table="transactions", unit="count", days=(90, 180), minimum=0)
def failed_payments(history: History, days: int) -> ir.Value:
    """Payments that failed in the last {days} days."""
    money = history.transactions
    return money.count(where=history.within(money, days) & (money.kind == "failed"))


@feature(table="transactions", unit="currency", days=(180,), minimum=0)
def refunds(history: History, days: int) -> ir.Value:
    """Money given back in the last {days} days."""
    money = history.transactions
    return money.amount.sum(where=history.within(money, days) & (money.kind == "refund")).fill_null(0)


@feature(table="contracts", unit="currency", minimum=0)
def price(history: History) -> ir.Value:
    """Price a month."""
    return history.contracts.price.argmax(history.contracts.event_at)


@feature(table="contract_versions", unit="currency", days=(120,))
def price_change(history: History, days: int) -> ir.Value:
    """Change of the price within the last {days} days."""
    versions = history.contract_versions
    now = versions.price.argmax(versions.event_at)
    return now - versions.price.argmax(versions.event_at, where=~history.within(versions, days)).fill_null(now)
