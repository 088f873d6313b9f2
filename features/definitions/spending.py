"""Spending, discounts, failed payments and refunds."""

import ibis.expr.types as ir

from features.feature import feature
from features.history import History, share, total


@feature(table="transactions", unit="currency", days=(30, 90, 180), minimum=0)
def spend(history: History, days: int) -> ir.Value:
    """Money paid in the last {days} days."""
    money = history.transactions
    return total(money.amount, history.within(money, days) & (money.kind == "payment"))


@feature(table="transactions", unit="ratio", before=180, minimum=0)
def spend_trend(history: History) -> ir.Value:
    """Money paid in the last 90 days, against the 90 days before; 1 is unchanged, missing where nothing was paid."""
    money = history.transactions
    paid, recent = money.kind == "payment", history.within(money, 90)
    return share(total(money.amount, paid & recent), total(money.amount, paid & ~recent & history.within(money, 180)))


@feature(table="transactions", unit="share", before=180, minimum=0, maximum=1)
def discount_share(history: History) -> ir.Value:
    """Discounts as a share of the prices before them, in the last 180 days; missing where nothing was paid."""
    money = history.transactions
    paid = (money.kind == "payment") & history.within(money, 180)
    off = total(money.discount, paid)
    return share(off, total(money.amount, paid) + off)


@feature(table="transactions", unit="count", days=(30, 90, 180), minimum=0)
def failed_payments(history: History, days: int) -> ir.Value:
    """Payments that failed in the last {days} days."""
    money = history.transactions
    return money.count(where=history.within(money, days) & (money.kind == "failed"))


@feature(table="transactions", unit="currency", days=(90, 180), minimum=0)
def refunds(history: History, days: int) -> ir.Value:
    """Money given back in the last {days} days."""
    money = history.transactions
    return total(money.amount, history.within(money, days) & (money.kind == "refund"))
