"""Customers at the start of a window, new, returned, lost, and at its end; they reconcile."""

from dataclasses import asdict, dataclass

import numpy as np

from experiments.evaluation.retention.spans import Mask, Spans


@dataclass(frozen=True)
class Movement:
    """Numbers of customers: at_start + new + returned - lost = at_end.

    returned had been customers before, but were none at the start. left_and_back are at the start and at the end, not
    all the time between; came_and_went are at neither. joinings and leavings count events, of which one customer may
    have several: at_start + joinings - leavings = at_end too.
    """

    at_start: int
    new: int
    returned: int
    lost: int
    at_end: int
    left_and_back: int
    came_and_went: int
    joinings: int
    leavings: int

    @property
    def reconciles(self) -> bool:
        """Whether both sums are right."""
        by_customer = self.at_start + self.new + self.returned - self.lost
        return by_customer == self.at_start + self.joinings - self.leavings == self.at_end

    def to_dict(self) -> dict[str, int]:
        """Its fields as JSON can hold them."""
        return asdict(self)


def movement(spans: Spans, *, opens: np.datetime64, closes: np.datetime64, among: Mask | None = None) -> Movement:
    """What happened in [opens, closes) among some customers (all unless said; shape (n_customers,))."""
    chosen = np.ones(spans.n_customers, dtype=np.bool_) if among is None else among
    at_start, at_end = spans.there(opens) & chosen, spans.there(closes) & chosen
    before = spans.begun_before(opens)
    of_chosen = chosen[spans.customer]
    starts = (spans.start >= opens) & (spans.start < closes) & of_chosen
    ends = (spans.end >= opens) & (spans.end < closes) & of_chosen
    came = at_end & ~at_start
    return Movement(
        at_start=int(at_start.sum()),
        new=int((came & ~before).sum()),
        returned=int((came & before).sum()),
        lost=int((at_start & ~at_end).sum()),
        at_end=int(at_end.sum()),
        left_and_back=int((at_start & at_end & spans.any_of(ends)).sum()),
        came_and_went=int((~at_start & ~at_end & spans.any_of(starts)).sum()),
        joinings=int(starts.sum()),
        leavings=int(ends.sum()),
    )
