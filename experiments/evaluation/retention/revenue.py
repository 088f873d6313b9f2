"""Net and gross revenue retention: what those who were customers at the start pay at the end."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.metric import Numbers
from experiments.statistics.intervals import Interval, normal_interval

FEWEST = 30


@dataclass(frozen=True)
class RevenueRetention:
    """What customers at the start pay a month then, and how it changed by the end; in the spec's currency.

    at_start + expansion - contraction - lost = at_end. net = at_end / at_start, gross leaves expansion out and is 1 at
    most; None where nothing was paid at the start. Without an interval where there are fewer than 30 customers who pay.
    """

    at_start: float
    expansion: float
    contraction: float
    lost: float
    at_end: float
    net: Interval | None
    gross: Interval | None

    def to_dict(self) -> dict[str, Any]:
        """Its fields as JSON can hold them."""
        amounts = {name: getattr(self, name) for name in ("at_start", "expansion", "contraction", "lost", "at_end")}
        rates = {"net": self.net, "gross": self.gross}
        return amounts | {name: None if one is None else _plain(one) for name, one in rates.items()}


def revenue_retention(before: Numbers, after: Numbers) -> RevenueRetention:
    """The figures of customers who pay `before` a month at the start and `after` at the end, both >= 0.

    Both have shape (n_customers at the start,). What comes in from others is no part of it.
    """
    kept = np.minimum(before, after)
    gone = after <= 0
    return RevenueRetention(
        at_start=float(before.sum()),
        expansion=float((after - kept).sum()),
        contraction=float((before - kept)[~gone].sum()),
        lost=float(before[gone].sum()),
        at_end=float(after.sum()),
        net=ratio(after, before),
        gross=ratio(kept, before),
    )


def ratio(above: Numbers, below: Numbers) -> Interval | None:
    """Sum of above over sum of below, with the interval of a ratio of means; None where below sums to 0.

    The variance is that of the residuals above - ratio * below (linearisation; Cochran, Sampling Techniques, 1977,
    section 6.3). Fewer than 30 customers, or none who differ, have no such interval: its bounds are then missing (NaN).
    """
    whole = float(below.sum())
    if whole <= 0:
        return None
    value = float(above.sum()) / whole
    residuals = above - value * below
    size = int((below > 0).sum())
    error = float(np.sqrt(np.sum(residuals**2) * size / (size - 1))) / whole if size > 1 else 0.0
    if size < FEWEST or error == 0:
        return Interval(value, float("nan"), float("nan"), float("nan"), "none")
    return normal_interval(value, error, method="linearised")


def _plain(found: Interval) -> dict[str, Any]:
    """Its fields, without the numbers that are none."""
    return {name: None if one != one else one for name, one in found.to_dict().items()}  # noqa: PLR0124 - NaN
