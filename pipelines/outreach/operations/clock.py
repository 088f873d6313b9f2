"""Conversion of times: company-local, without time zone, as ISO 8601 text or as hours since 1970."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from features.errors import UsageError
from features.section import FIRST_YEAR

BEGAN = datetime(1970, 1, 1)
_MIDNIGHT = "T00:00:00"


def hours(moment: datetime) -> float:
    """A moment in hours since 1970; it has no zone."""
    return (moment - BEGAN) / timedelta(hours=1)


def moment(since_1970: float) -> datetime:
    """A moment in hours since 1970, to the second."""
    return BEGAN + timedelta(seconds=round(since_1970 * 3600))


def now(time_zone: str) -> datetime:
    """What the clocks in a time zone show, to the second, without the zone."""
    return exactly(time_zone).replace(microsecond=0)


def exactly(time_zone: str) -> datetime:
    """What the clocks in a time zone show, to the microsecond, without the zone."""
    return datetime.now(ZoneInfo(time_zone)).replace(tzinfo=None)


def shown(instant: str, time_zone: str) -> datetime:
    """What the clocks in a time zone showed at an instant that names its zone; another text is of these clocks."""
    found = datetime.fromisoformat(instant)
    return found if found.tzinfo is None else found.astimezone(ZoneInfo(time_zone)).replace(tzinfo=None)


def said(text: str | None, time_zone: str) -> datetime:
    """The moment that a person wrote, or now. Raises UsageError for what is none, or names a zone."""
    if text is None:
        return now(time_zone)
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"'{text}' is no time; write such as 2026-01-31T09:00.") from error
    if found.tzinfo is not None:
        raise UsageError(f"'{text}' names a zone; write what the company's clocks show, which are of {time_zone}.")
    return found.replace(microsecond=0)


def came(text: str | None, time_zone: str) -> datetime:
    """As `said`, of what has happened. Raises UsageError also for what has not come yet, or is of another age."""
    found, present = said(text, time_zone), now(time_zone)
    if found < datetime(FIRST_YEAR, 1, 1) or not (found <= present or has_come(found, time_zone, datetime.now(UTC))):
        raise UsageError(f"'{text}' is not between {FIRST_YEAR} and now, which is {present} in {time_zone}.")
    return found


def has_come(moment: datetime, time_zone: str, at: datetime) -> bool:
    """Whether clocks in a time zone have shown a moment by the instant at, which has its zone.

    An hour that they show twice has come once it was shown the first time.
    """
    return moment.replace(tzinfo=ZoneInfo(time_zone), fold=0) <= at


def is_shown(moment: datetime, time_zone: str) -> bool:
    """Whether clocks in a time zone ever show a moment, which has no zone: not while they go forward.

    A midnight stands for its day, which there is everywhere.
    """
    if moment.time() == time():
        return True
    zone = ZoneInfo(time_zone)
    return moment.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) == moment


def is_before(one: str, other: str, time_zone: str) -> bool:
    """Whether a moment, as it is kept, was certainly before another.

    A date without a time is kept as its midnight, and stands for its whole day; of an hour that the clocks show twice
    a moment may be either.
    """
    if is_whole_day(one):
        return one[:10] < other[:10]
    last = datetime.fromisoformat(one).replace(tzinfo=ZoneInfo(time_zone), fold=1).astimezone(UTC)
    return one < other and not has_come(datetime.fromisoformat(other), time_zone, last)


def is_whole_day(kept: str) -> bool:
    """Whether a moment, as it is kept, stands for its whole day: midnight is what a date without a time becomes."""
    return kept.endswith(_MIDNIGHT)


def end_of(kept: str) -> str:
    """The last second that a moment, as it is kept, stands for."""
    return kept.removesuffix(_MIDNIGHT) + "T23:59:59" if is_whole_day(kept) else kept


def last_of(day: date) -> str:
    """The last second of a day, as it is kept."""
    return f"{day.isoformat()}T23:59:59"


def text(moment: datetime) -> str:
    """A moment as it is kept."""
    return moment.isoformat(timespec="seconds")
