"""Times by the company's clocks: without a zone, in ISO 8601 or in hours since 1970."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

BEGAN = datetime(1970, 1, 1)


def hours(moment: datetime) -> float:
    """A moment in hours since 1970; it has no zone."""
    return (moment - BEGAN) / timedelta(hours=1)


def moment(since_1970: float) -> datetime:
    """A moment in hours since 1970, to the second."""
    return BEGAN + timedelta(seconds=round(since_1970 * 3600))


def now(time_zone: str) -> datetime:
    """What the clocks in a time zone show, to the second, without the zone."""
    return datetime.now(ZoneInfo(time_zone)).replace(tzinfo=None, microsecond=0)


def text(moment: datetime) -> str:
    """A moment as it is kept."""
    return moment.isoformat(timespec="seconds")
