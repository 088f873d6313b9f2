"""What the customer needed help with, and how that went."""

import ibis.expr.types as ir

from features.feature import feature
from features.history import History


@feature(table="interactions", unit="count", days=(30, 90), minimum=0)
def contacts(history: History, days: int) -> ir.Value:
    """Contacts with support in the last {days} days."""
    return history.interactions.count(where=history.within(history.interactions, days))


@feature(table="interactions", unit="count", days=(90,), minimum=0)
def complaints(history: History, days: int) -> ir.Value:
    """Complaints in the last {days} days."""
    talks = history.interactions
    return talks.count(where=history.within(talks, days) & talks.complaint)


@feature(table="interactions", unit="count", days=(90,), minimum=0)
def price_contacts(history: History, days: int) -> ir.Value:
    """Contacts about the price in the last {days} days."""
    talks = history.interactions
    return talks.count(where=history.within(talks, days) & (talks.topic == "price"))


@feature(table="interactions", unit="count", days=(90,), minimum=0)
def unresolved(history: History, days: int) -> ir.Value:
    """Contacts of the last {days} days that were not resolved."""
    talks = history.interactions
    return talks.count(where=history.within(talks, days) & ~talks.resolved)


@feature(table="interactions", unit="minutes", days=(90,), minimum=0)
def handling_minutes(history: History, days: int) -> ir.Value:
    """Minutes that a contact took, mean of the last {days} days; missing without contacts."""
    talks = history.interactions
    return talks.handling_minutes.mean(where=history.within(talks, days))
