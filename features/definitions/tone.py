"""Sentiment of the customer's messages to support; missing until a text model fills it in."""

import ibis.expr.types as ir

from features.feature import feature
from features.history import History, mean


@feature(table="interactions", unit="tone", days=(30, 90, 180), minimum=-1, maximum=1)
def tone(history: History, days: int) -> ir.Value:
    """Tone of the contacts of the last {days} days, mean; -1 is bad, 1 is good."""
    return mean(history.interactions.sentiment, history.within(history.interactions, days))


@feature(table="interactions", unit="tone", minimum=-1, maximum=1)
def last_tone(history: History) -> ir.Value:
    """Tone of the last contact within the look-back; -1 is bad, 1 is good."""
    return history.last("interactions", "sentiment")


@feature(table="interactions", unit="tone", minimum=-1, maximum=1)
def worst_tone(history: History) -> ir.Value:
    """Worst tone of a contact within the look-back; -1 is bad, 1 is good."""
    return history.interactions.sentiment.min()
