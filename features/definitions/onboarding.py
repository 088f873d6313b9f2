"""First use and onboarding steps of recent customers; missing for those who joined before the look-back."""

import ibis
import ibis.expr.types as ir

from features.feature import feature
from features.history import History, seconds


@feature(table="first_use", unit="days", minimum=0)
def days_to_first_use(history: History) -> ir.Value:
    """Days from the day of joining to that of the first use; missing while it has not come."""
    first = history.first_use
    return (seconds(first.used_on.min()) - seconds(first.joined_on.min())) / 86_400.0


@feature(table="first_use", unit="days", minimum=0)
def days_without_first_use(history: History) -> ir.Value:
    """Days since the day of joining without any use; missing once it has come."""
    first = history.first_use
    waited = history.days_since(first.joined_on.min())
    return ibis.ifelse(first.used_on.count() == 0, waited, ibis.null("float64"))


@feature(table="first_use", unit="days", days=(7, 30), minimum=0)
def first_active_days(history: History, days: int) -> ir.Value:
    """Days of use in the first {days} days from the day of joining."""
    first = history.first_use
    since = seconds(first.used_on) - seconds(first.joined_on)
    return first.used_on.count(where=since < days * 86_400)


@feature(table="milestones", unit="steps", minimum=0)
def steps_done(history: History) -> ir.Value:
    """Steps of finding the way in that were done within the look-back; missing when none was."""
    return history.milestones.count()


@feature(table="milestones", unit="days", minimum=0)
def days_since_last_step(history: History) -> ir.Value:
    """Days since the last step of finding the way in; missing when none was done within the look-back."""
    return history.days_since(history.milestones.event_at.max())
