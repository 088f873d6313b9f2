"""What a label is: it says who left, and when, within a window after the observation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import ibis.expr.types as ir


@dataclass(frozen=True)
class LabelWindow:
    """The window (opens, closes] in which an outcome counts.

    What falls in (as_of, opens] falls in the gap: the row is neither churned nor retained and is left out.
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
        """Whether data that reach up to `data_end` hold the whole window."""
        return data_end >= self.closes


@dataclass(frozen=True)
class Label:
    """A kind of label.

    happened_at, for sources with dates, gives a table (customer_id, happened_at): when each customer left, seen from
    the end of the window, so that what comes after it changes nothing; a customer who had not left has no row, or a
    moment after the window. It may read all that is known today.
    A label with `happened_at` None is read from a column of a table source.
    """

    name: str
    meaning: str
    happened_at: Callable[[Mapping[str, ir.Table], LabelWindow], ir.Table] | None
