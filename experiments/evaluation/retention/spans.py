"""Spans: the stretches of time in which somebody is a customer, one after the other without overlap."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Moments = NDArray[np.datetime64]
Mask = NDArray[np.bool_]
Places = NDArray[np.intp]

# The end of what has none.
FOREVER = np.datetime64("9999-12-31", "us")


@dataclass(frozen=True)
class Spans:
    """Stretches (start, end]: whoever has one that holds a moment is a customer then.

    customer, start and end have shape (n_spans,), by customer and then by time; customer is a position below
    n_customers. A contract that begins at a moment counts after it, and one that ends at a moment still counts then, as
    a feature's `running` has it: so what happens in [opens, closes) is what changes between the two moments.
    """

    customer: Places
    start: Moments
    end: Moments
    n_customers: int

    @classmethod
    def joined(cls, customer: Places, start: Moments, end: Moments, *, n_customers: int) -> "Spans":
        """The spans of contracts that may overlap or follow one another without a gap; a missing end is none yet.

        What has no start, or ends no later than it starts, is left out.
        """
        closed = np.where(np.isnat(end), FOREVER, end.astype("datetime64[us]"))
        rows = pd.DataFrame({"customer": customer, "start": start.astype("datetime64[us]"), "end": closed})
        rows = rows[rows["start"].notna() & (rows["end"] > rows["start"])].sort_values(["customer", "start"])
        so_far = rows.groupby("customer")["end"].cummax()
        before = so_far.groupby(rows["customer"]).shift()
        begins = (before.isna() | (rows["start"] > before)).cumsum()
        found = rows.groupby(begins).agg(customer=("customer", "first"), start=("start", "min"), end=("end", "max"))
        return cls(
            found["customer"].to_numpy(dtype=np.intp),
            found["start"].to_numpy(dtype="datetime64[us]"),
            found["end"].to_numpy(dtype="datetime64[us]"),
            n_customers,
        )

    def any_of(self, spans: Mask) -> Mask:
        """Which customers have one of these spans, shape (n_customers,)."""
        found = np.zeros(self.n_customers, dtype=np.bool_)
        found[self.customer[spans]] = True
        return found

    def there(self, moment: np.datetime64) -> Mask:
        """Who is a customer at a moment, shape (n_customers,)."""
        return self.any_of((self.start < moment) & (self.end >= moment))

    def begun_before(self, moment: np.datetime64) -> Mask:
        """Who has been a customer at some time before a moment, shape (n_customers,)."""
        return self.any_of(self.start < moment)

    def left_at(self, before: np.datetime64) -> Moments:
        """When each customer last left before a moment, shape (n_customers,); missing for who did not."""
        found = np.full(self.n_customers, np.datetime64("NaT"), dtype="datetime64[us]")
        ended = self.end < before
        found[self.customer[ended]] = self.end[ended]  # of several the last stands last
        return found
