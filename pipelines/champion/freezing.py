"""Freezes: until when nothing is promoted, and why, by the ledger."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from features.errors import UsageError
from pipelines.champion.succession import Standing


def end_of_day(said: str, time_zone: str, now: datetime) -> tuple[str, str]:
    """The day that was said, and the instant at which it is over by clocks of a time zone, in UTC.

    Raises UsageError for what is no day, or one that is over.
    """
    try:
        day = date.fromisoformat(said)
    except ValueError as error:
        raise UsageError(f"'{said}' is no day; write such as 2026-12-31.") from error
    if day == date.max:
        raise UsageError(f"'{said}' is the last day that there is; a freeze ends.")
    following = datetime.combine(day + timedelta(days=1), datetime.min.time(), ZoneInfo(time_zone))
    if following <= now:
        raise UsageError(f"{day.isoformat()} is over by the clocks of {time_zone}; a freeze ends in the future.")
    return day.isoformat(), following.astimezone(UTC).isoformat(timespec="seconds")


def words(freeze: dict[str, Any]) -> str:
    """How long a freeze lasts, who wants it and why."""
    return f"until the end of {freeze['until']} by {freeze['by']}: {freeze['reason']}"


def refuse(standing: Standing, at: str, what: str) -> None:
    """Raise UsageError where promotions of a spec are frozen at an instant."""
    if freeze := standing.frozen(at):
        end = f"`python -m pipelines unfreeze {standing.spec}` ends that"
        raise UsageError(f"{what}: '{standing.spec}' is frozen {words(freeze)}. {end}.")
