"""The windows of the figures, and whether what they hold is complete."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from features.errors import UsageError
from features.section import FIRST_YEAR, LAST_YEAR
from pipelines.jobs.retention.company import Company
from pipelines.reporting import catalogue

COMPLETE, OPEN, EARLY = "complete", "immature", "before the data"


@dataclass(frozen=True)
class Window:
    """The days [opens, closes); state is one of three words, and why says what is missing where it is not complete.

    An immature window is not over, or not all that ended in it is known yet. Who counts at its start is known.
    """

    days: int
    opens: datetime
    closes: datetime
    state: str
    why: str

    @property
    def edges(self) -> tuple[np.datetime64, np.datetime64]:
        """Both edges as numpy has them."""
        return np.datetime64(self.opens, "us"), np.datetime64(self.closes, "us")

    def to_dict(self) -> dict[str, Any]:
        """Its fields as JSON can hold them."""
        return {
            "days": self.days,
            "opens": self.opens.date().isoformat(),
            "closes": self.closes.date().isoformat(),
            "state": self.state,
            "why": self.why,
        }


def closing(said: str | None, company: Company) -> datetime:
    """The midnight at which windows close: the date that is said, else the newest of which all is known.

    Raises UsageError for what is no date.
    """
    if said is None:
        settled = company.ends - timedelta(days=company.lag_days)
        return datetime(settled.year, settled.month, settled.day)
    return date_of(said)


def date_of(said: str) -> datetime:
    """The midnight of a date that is said. Raises UsageError for what is no date."""
    try:
        found = date.fromisoformat(said)
    except ValueError as error:
        raise UsageError(f"--at '{said}' is no date; write such as 2026-03-01.") from error
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise UsageError(f"--at {said} is not between {FIRST_YEAR} and {LAST_YEAR}.")
    return datetime(found.year, found.month, found.day)


def window(days: int, closes: datetime, company: Company) -> Window:
    """The window of so many days that closes at a moment, and whether the data cover it."""
    opens = closes - timedelta(days=days)
    state, why, words = COMPLETE, "", catalogue.of_page("kpis")
    if opens < company.begins:
        state, why = EARLY, words.english("why_early", begins=f"{company.begins:%Y-%m-%d}")
    elif closes > company.ends:
        state, why = OPEN, words.english("why_open", ends=f"{company.ends:%Y-%m-%d}")
    elif closes + timedelta(days=company.lag_days) > company.ends:
        state, why = OPEN, words.english("why_lag", days=company.lag_days, ends=f"{company.ends:%Y-%m-%d}")
    return Window(days, opens, closes, state, why)
