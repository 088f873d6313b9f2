"""Leavers who were on a list in time, lead times, and warnings that were acted on in time."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.evaluation.retention import rates
from experiments.evaluation.retention.spans import Moments, Places
from experiments.metric import Numbers
from experiments.statistics.intervals import Interval

AHEAD_DAYS = 90
# A list of longer ago had its time to be right.
MOST_DAYS = 365


@dataclass(frozen=True)
class Listed:
    """How early leavers were on a list: share of those who could be, and the days between.

    leavers are all, judged those of whom a list was made from 365 to 90 days before they left. ahead is the share of
    judged that stood on one then; None where none is judged. days are quartiles of the days from the first list within
    the year before, over the `found` leavers who were on any before they left; None where nobody was.
    """

    leavers: int
    judged: int
    found: int
    ahead: Interval | None
    days: tuple[float, float, float] | None

    def to_dict(self) -> dict[str, Any]:
        """Its fields as JSON can hold them."""
        return {
            "leavers": self.leavers,
            "judged": self.judged,
            "found": self.found,
            "ahead": None if self.ahead is None else self.ahead.to_dict(),
            "days": None if self.days is None else list(self.days),
        }


def listed(left_at: Moments, customers: Places, at: Moments, *, made_at: Moments) -> Listed:
    """How early leavers stood on lists.

    left_at, shape (n_leavers,), is when each left; customers and at, shape (n_listings,), say which of them (by
    position, -1 for somebody else) stood on the list of which moment. made_at are the moments of all lists.
    """
    of_leavers = customers >= 0
    who, when = customers[of_leavers], at[of_leavers]
    lead = (left_at[who] - when) / np.timedelta64(1, "D")
    in_time = (lead > 0) & (lead <= MOST_DAYS)
    first = np.full(left_at.size, -np.inf)
    np.maximum.at(first, who[in_time], lead[in_time])
    dates, day = np.unique(made_at), np.timedelta64(1, "D")
    since = np.searchsorted(dates, left_at - MOST_DAYS * day, side="left")
    judged = np.searchsorted(dates, left_at - AHEAD_DAYS * day, side="right") > since
    ahead = int((judged & (first >= AHEAD_DAYS)).sum())
    seen = first[np.isfinite(first)]
    return Listed(
        leavers=int(left_at.size),
        judged=int(judged.sum()),
        found=int(seen.size),
        ahead=rates.share(ahead, int(judged.sum())) if judged.any() else None,
        days=quartiles(seen),
    )


@dataclass(frozen=True)
class ActedOn:
    """Warnings that were due, and the share of them that somebody acknowledged or did in time; None where none was due.

    pending are not due yet, over are those whose condition ended before they were due and before anybody acted.
    """

    raised: int
    pending: int
    over: int
    due: int
    in_time: Interval | None

    def to_dict(self) -> dict[str, Any]:
        """Its fields as JSON can hold them."""
        plain = {name: getattr(self, name) for name in ("raised", "pending", "over", "due")}
        return plain | {"in_time": None if self.in_time is None else self.in_time.to_dict()}


def acted_on(due: Moments, acted: Moments, expired: Moments, *, now: np.datetime64) -> ActedOn:
    """The figures of warnings, shape (n_warnings,): when each was due, acted on first, and over (missing: not so)."""
    in_time = ~np.isnat(acted) & (acted <= due)
    over = ~in_time & ~np.isnat(expired) & (expired <= due)
    pending = ~in_time & ~over & (due > now)
    counted: int = int((~over & ~pending).sum())
    return ActedOn(
        raised=int(due.size),
        pending=int(pending.sum()),
        over=int(over.sum()),
        due=counted,
        in_time=rates.share(int(in_time.sum()), counted) if counted else None,
    )


def quartiles(values: Numbers) -> tuple[float, float, float] | None:
    """Lower quartile, median and upper quartile; None of nothing."""
    if not values.size:
        return None
    low, middle, high = (float(one) for one in np.quantile(values, [0.25, 0.5, 0.75]))
    return low, middle, high
