"""Support contacts: their number, topics, channels and resolution."""

import ibis.expr.types as ir

from features.feature import feature
from features.history import History, mean, seconds, share


@feature(table="interactions", unit="count", days=(7, 30, 90, 180), minimum=0)
def contacts(history: History, days: int) -> ir.Value:
    """Contacts with support in the last {days} days."""
    return history.interactions.count(where=history.within(history.interactions, days))


@feature(table="interactions", unit="count", days=(30, 90, 180), minimum=0)
def complaints(history: History, days: int) -> ir.Value:
    """Complaints in the last {days} days."""
    talks = history.interactions
    return talks.count(where=history.within(talks, days) & talks.complaint)


@feature(table="interactions", unit="count", days=(90,), minimum=0)
def price_contacts(history: History, days: int) -> ir.Value:
    """Contacts about the price in the last {days} days."""
    talks = history.interactions
    return talks.count(where=history.within(talks, days) & (talks.topic == "price"))


@feature(table="interactions", unit="count", days=(30, 90), minimum=0)
def unresolved(history: History, days: int) -> ir.Value:
    """Contacts of the last {days} days that are not resolved."""
    talks = history.interactions
    return talks.count(where=history.within(talks, days) & ~talks.resolved)


@feature(table="interactions", unit="hours", days=(90,), minimum=0)
def hours_to_resolution(history: History, days: int) -> ir.Value:
    """Hours until a contact was resolved, mean of the last {days} days; missing where none was."""
    talks = history.interactions
    taken = seconds(talks.resolved_at) - seconds(talks.event_at)
    return mean(taken, history.within(talks, days)) / 3_600.0


@feature(table="interactions", unit="count", days=(90,), minimum=0)
def repeated_contacts(history: History, days: int) -> ir.Value:
    """Contacts of the last {days} days about a topic that had come up in them before."""
    talks = history.interactions
    recent = history.within(talks, days)
    return talks.topic.count(where=recent) - talks.topic.nunique(where=recent)


@feature(table="interactions", unit="minutes", days=(30, 90), minimum=0)
def handling_minutes(history: History, days: int) -> ir.Value:
    """Minutes that a contact took, mean of the last {days} days; missing without contacts."""
    talks = history.interactions
    return mean(talks.handling_minutes, history.within(talks, days))


@feature(table="interactions", unit="share", each=("call", "chat", "ticket", "email"), minimum=0, maximum=1)
def channel_share(history: History, channel: str) -> ir.Value:
    """Share of the contacts within the look-back that came by {each}; missing without contacts."""
    talks = history.interactions
    return share(talks.count(where=talks.channel == channel), talks.count())
