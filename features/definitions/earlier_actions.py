"""Earlier retention actions received by the customer, for fatigue limits."""

import ibis.expr.types as ir

from features.feature import feature
from features.history import History
from features.tables import CONTROL


@feature(table="treatments", unit="count", days=(30, 90, 180), minimum=0)
def actions_received(history: History, days: int) -> ir.Value:
    """Actions received in the last {days} days, the control left out."""
    done = history.treatments
    return done.count(where=history.within(done, days) & (done.action != CONTROL))


@feature(table="treatments", unit="days", minimum=0)
def days_since_last_action(history: History) -> ir.Value:
    """Days since the last action; missing when there was none within the look-back."""
    done = history.treatments
    return history.days_since(done.event_at.max(where=done.action != CONTROL))
