"""How much the product is used, and whether that is falling."""

import ibis.expr.types as ir

from features.feature import feature
from features.history import GAP_DAYS, SEASON_DAYS, YEAR_DAYS, History, mean, seconds, share


@feature(table="usage", unit="days", days=(7, 30, 90, 180), minimum=0)
def active_days(history: History, days: int) -> ir.Value:
    """Days of use in the last {days} days."""
    return history.usage.count(where=history.within(history.usage, days))


@feature(table="usage", unit="count", days=(7, 30, 90), minimum=0)
def actions(history: History, days: int) -> ir.Value:
    """Things done in the product in the last {days} days."""
    return history.usage.actions.sum(where=history.within(history.usage, days)).fill_null(0)


@feature(table="usage", unit="count", days=(30,), minimum=0)
def sessions(history: History, days: int) -> ir.Value:
    """Times the product was opened in the last {days} days."""
    return history.usage.sessions.sum(where=history.within(history.usage, days)).fill_null(0)


@feature(table="usage", unit="count", days=(30,), minimum=0)
def kinds_a_day(history: History, days: int) -> ir.Value:
    """Different kinds of things done on a day of use, mean of the last {days} days; missing without use."""
    return mean(history.usage.kinds, history.within(history.usage, days))


@feature(table="usage", unit="minutes", days=(30,), minimum=0)
def minutes_a_day(history: History, days: int) -> ir.Value:
    """Minutes on a day of use, mean of the last {days} days; missing without use."""
    return mean(history.usage.minutes, history.within(history.usage, days))


@feature(table="usage", unit="ratio", days=(7, 30), before=90, minimum=0)
def use_against_baseline(history: History, days: int) -> ir.Value:
    """Days of use in the last {days} days, against the customer's own mean of the 90 days before; 1 is unchanged."""
    usage = history.usage
    recent = usage.count(where=history.within(usage, days))
    before = usage.count(where=history.within(usage, days + 90) & ~history.within(usage, days))
    return share(recent * 90, before * days)


@feature(table="usage", unit="ratio", before=120, minimum=0)
def minutes_against_baseline(history: History) -> ir.Value:
    """Minutes on a day of use in the last 30 days, against the 90 days before; 1 is unchanged."""
    usage = history.usage
    recent = mean(usage.minutes, history.within(usage, 30))
    return share(recent, mean(usage.minutes, history.within(usage, 120) & ~history.within(usage, 30)))


@feature(table="usage_seasons", unit="ratio", minimum=0)
def use_against_last_year(history: History) -> ir.Value:
    """Days of use in the last 30 days, against the same days a year before; missing where there was no use then."""
    usage = history.usage_seasons
    recent = usage.count(where=history.within(usage, SEASON_DAYS))
    return share(recent, usage.count(where=~history.within(usage, YEAR_DAYS)))


@feature(table="usage_gaps", unit="days", before=GAP_DAYS, minimum=0)
def longest_gap(history: History) -> ir.Value:
    """Longest time between two days of use in the last 90 days; missing with fewer than two."""
    gaps = history.usage_gaps
    return (seconds(gaps.event_at) - seconds(gaps.before)).max() / 86_400.0
