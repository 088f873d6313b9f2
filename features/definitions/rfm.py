"""Recency, frequency and monetary value of the payments, as quintiles over all customers."""

import ibis.expr.types as ir

from features.feature import feature, quintile
from features.history import History, seconds, total


@feature(table="transactions", unit="count", days=(30, 90, 180), minimum=0)
def payments(history: History, days: int) -> ir.Value:
    """Payments in the last {days} days."""
    money = history.transactions
    return money.count(where=history.within(money, days) & (money.kind == "payment"))


@feature(table="transactions", unit="quintile", minimum=1, maximum=5, across=quintile)
def recency_quintile(history: History) -> ir.Value:
    """Fifth of all customers by the last payment, 5 the most recent; missing when there was none."""
    money = history.transactions
    return seconds(money.event_at.max(where=money.kind == "payment"))


@feature(table="transactions", unit="quintile", minimum=1, maximum=5, across=quintile)
def frequency_quintile(history: History) -> ir.Value:
    """Fifth of all customers by the number of payments within the look-back, 5 the most."""
    money = history.transactions
    return money.count(where=money.kind == "payment")


@feature(table="transactions", unit="quintile", minimum=1, maximum=5, across=quintile)
def monetary_quintile(history: History) -> ir.Value:
    """Fifth of all customers by the money paid within the look-back, 5 the most."""
    money = history.transactions
    return total(money.amount, money.kind == "payment")
