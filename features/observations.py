"""Which customers are observed at which date, what was done to them, and what became of them."""

from datetime import date, datetime, timedelta

import ibis
import ibis.expr.types as ir
import pandas as pd

from features.hindsight import Hindsight
from features.label import LabelWindow
from features.tables import LEFT_IN_GAP


def observation_dates(first: date, *, every_months: int, data_end: datetime) -> list[datetime]:
    """The dates first, first + every_months, ... up to and with the end of the data."""
    step = pd.DateOffset(months=every_months)
    return [moment.to_pydatetime() for moment in pd.date_range(pd.Timestamp(first), data_end, freq=step)]


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
    """What became of those who left: customer_id, churned (left before the window closed), left_in_gap (or opened).

    Who left in the gap is churned too: so it counts for effects, while the risk leaves these rows out.
    """
    opens, closes = (ibis.literal(moment, type="timestamp") for moment in (window.opens, window.closes))
    return happened.select(
        "customer_id",
        churned=happened.happened_at < closes,
        **{LEFT_IN_GAP: happened.happened_at < opens},
    )
