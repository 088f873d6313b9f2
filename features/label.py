"""What a label is: which customers are observed, and when each of them left, within a window after the observation."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import ibis.expr.types as ir

from features.hindsight import Hindsight
from features.history import History


@dataclass(frozen=True)
class LabelWindow:
    """The window [opens, closes) in which an outcome counts.

    An event lies before as_of, in the gap [as_of, opens), in the window, or after it: in exactly one of the four. Who
    left before the window opens is left out of the risk; of an action's effect it is the bad outcome.
    """

    as_of: datetime
    opens: datetime
    closes: datetime

    @classmethod
    def after(cls, as_of: datetime, *, lead_time_days: int, horizon_days: int) -> "LabelWindow":
        """The window that opens `lead_time_days` after `as_of` and is `horizon_days` long."""
        opens = as_of + timedelta(days=lead_time_days)
        return cls(as_of, opens, opens + timedelta(days=horizon_days))

    def is_mature(self, data_end: datetime) -> bool:
        """Whether data up to `data_end` cover the whole window."""
        return data_end >= self.closes


@dataclass(frozen=True)
class LabelOptions:
    """The label settings of a spec: the event table and kind, and how recent the last event of an active customer is.

    table and event (a value of its column `kind`, None for any) are what `inactive` looks for.
    """

    table: str = "transactions"
    event: str | None = None
    active_days: int = 365


@dataclass(frozen=True)
class Dated:
    """How a label is computed from tables with dates.

    observed gives the customers (column customer_id) who are observed at the date of the history, by what was known
    then. happened_at gives a table (customer_id, happened_at): when each customer left, seen from the end of the
    window: what happens from then on changes nothing, a later correction of what happened before does. A customer who
    had not left has no row, or a moment that is not before the end of the window.
    """

    observed: Callable[[History, LabelWindow, LabelOptions], ir.Table]
    happened_at: Callable[[Hindsight, LabelWindow, LabelOptions], ir.Table]


@dataclass(frozen=True)
class Label:
    """A kind of label; dated is None where the label is a column of a table."""

    name: str
    meaning: str
    dated: Dated | None
