"""How much the product is used, and whether that is falling."""

import ibis.expr.types as ir

from features.feature import feature
from features.history import History


@feature(table="usage", unit="days", days=(7, 30, 90), minimum=0)
def active_days(history: History, days: int) -> ir.Value:
    """Days of use in the last {days} days."""
    return history.usage.count(where=history.within(history.usage, days))


@feature(table="usage", unit="count", days=(30, 90), minimum=0)
def actions(history: History, days: int) -> ir.Value:
    """Things done in the product in the last {days} days."""
    return history.usage.actions.sum(where=history.within(history.usage, days)).fill_null(0)


@feature(table="usage", unit="minutes", days=(30,), minimum=0)
def minutes_a_day(history: History, days: int) -> ir.Value:
    """Minutes on a day of use, mean of the last {days} days; missing without use."""
    return history.usage.minutes.mean(where=history.within(history.usage, days))


@feature(table="usage", unit="ratio", days=(30,), minimum=0)
def use_against_baseline(history: History, days: int) -> ir.Value:
    """Days of use in the last {days} days, against the customer's own mean of the 90 days before; 1 is unchanged."""
    usage = history.usage
    recent = usage.count(where=history.within(usage, days))
    before = usage.count(where=history.within(usage, days + 90) & ~history.within(usage, days))
    return recent / (before * (days / 90.0)).nullif(0)


@feature(table="usage", unit="ratio", minimum=0)
def minutes_against_baseline(history: History) -> ir.Value:
    """Minutes on a day of use in the last 30 days, against the 90 days before; 1 is unchanged."""
    usage = history.usage
    recent = usage.minutes.mean(where=history.within(usage, 30))
    before = usage.minutes.mean(where=history.within(usage, 120) & ~history.within(usage, 30))
    return recent / before.nullif(0)
