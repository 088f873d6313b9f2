"""Observation dates, treatments at these dates, and outcomes after them."""

from calendar import monthrange
from datetime import date, datetime, timedelta

import ibis
import ibis.expr.types as ir

from features.hindsight import Hindsight
from features.label import LabelWindow
from features.tables import LEFT_IN_GAP


def observation_dates(first: date, *, every_months: int, data_end: datetime) -> list[datetime]:
    """The dates first, first + every_months, ... up to and including the end of the data.

    Each is counted from the first, so that a 31st is the last day of a shorter month and a 31st again after it.
    """
    found: list[datetime] = []
    while (moment := months_after(first, every_months * len(found))) <= data_end:
        found.append(moment)
    return found


def months_after(first: date, months: int) -> datetime:
    """Midnight of the same day so many months later, or of the month's last day where it is shorter."""
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return datetime(year, month + 1, min(first.day, monthrange(year, month + 1)[1]))


def treatments_at(known_today: Hindsight, window: LabelWindow) -> ir.Table:
    """The arm that each customer was given at the observation: customer_id, arm, probability.

    An arm assigned from `as_of` until the lead time is over (that very day, where there is none) belongs to the
    observation; of several the first counts, and of those of one moment that of the least treatment_id. Of several
    versions of a treatment the one known last holds. A customer in no campaign has no row.
    """
    treatments = known_today.latest("treatments")
    until = max(window.opens, window.as_of + timedelta(days=1))
    assigned = treatments.filter(
        (treatments.event_at >= ibis.literal(window.as_of, type="timestamp"))
        & (treatments.event_at < ibis.literal(until, type="timestamp"))
    )
    order = ibis.struct({"event_at": assigned.event_at, "treatment_id": assigned.treatment_id})
    return assigned.group_by("customer_id").aggregate(
        arm=assigned.action.argmin(order), probability=assigned.probability.argmin(order)
    )


def outcomes(happened: ir.Table, window: LabelWindow) -> ir.Table:
    """The customers who left: customer_id, churned (before the window closed), left_in_gap (before it opened).

    Who left in the gap is churned too: so it counts for effects, while the risk leaves these rows out.
    """
    opens, closes = (ibis.literal(moment, type="timestamp") for moment in (window.opens, window.closes))
    return happened.select(
        "customer_id",
        churned=happened.happened_at < closes,
        **{LEFT_IN_GAP: happened.happened_at < opens},
    )
