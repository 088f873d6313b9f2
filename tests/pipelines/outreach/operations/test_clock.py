"""Times that people write: by the company's clocks, and for what has happened, not of the future."""

from datetime import UTC, datetime, timedelta

import pytest

from features.errors import UsageError
from pipelines.outreach.operations import clock

ZONES = ["UTC", "Europe/Berlin", "Pacific/Kiritimati", "Pacific/Pago_Pago"]


@pytest.mark.parametrize("zone", ZONES)
def test_what_has_happened_is_of_the_past_of_the_companys_clocks(zone: str) -> None:
    now = clock.now(zone)
    assert clock.came(None, zone) >= now
    for ago in (timedelta(0), timedelta(hours=1), timedelta(days=9_000)):
        assert clock.came((now - ago).isoformat(), zone) == now - ago
    for other in (now + timedelta(minutes=5), datetime(9999, 12, 31, 23, 59), datetime(1, 1, 1)):
        with pytest.raises(UsageError, match="is not between 1970 and now"):
            clock.came(other.isoformat(), zone)


@pytest.mark.parametrize("said", ["", "2026-02-31", "31.05.2026", "2026-01-01T00:00+01:00", "now"])
def test_what_is_no_time_is_refused(said: str) -> None:
    with pytest.raises(UsageError, match=r"is no time|names a zone"):
        clock.came(said, "Europe/Berlin")


@pytest.mark.parametrize("said", ["2026-06-01", "2026-06-01T00:00", "2026-06-01 00:00:00", "20260601"])
def test_a_time_may_be_written_in_some_ways(said: str) -> None:
    assert clock.text(clock.said(said, "UTC")) == "2026-06-01T00:00:00"


@pytest.mark.parametrize(
    ("now", "come"),
    [
        ("2026-10-25T00:30", False),  # 02:30 in Berlin, the first time
        ("2026-10-25T00:55", True),
        ("2026-10-25T01:10", True),  # 02:10 once more: 02:50 was shown twenty minutes ago
        ("2026-10-25T02:10", True),
    ],
)
def test_an_hour_that_is_shown_twice_has_come_the_first_time(now: str, come: bool) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert clock.has_come(datetime(2026, 10, 25, 2, 50), "Europe/Berlin", at) is come


@pytest.mark.parametrize(
    ("moment", "zone", "shown"),
    [
        ("2026-03-29T01:59:59", "Europe/Berlin", True),
        ("2026-03-29T02:00:00", "Europe/Berlin", False),
        ("2026-03-29T02:59:59.999999", "Europe/Berlin", False),
        ("2026-03-29T03:00:00", "Europe/Berlin", True),
        ("2026-10-25T02:30:00", "Europe/Berlin", True),
        ("2018-11-04T00:00:00", "America/Sao_Paulo", True),
        ("2018-11-04T00:30:00", "America/Sao_Paulo", False),
        ("2026-03-29T02:30:00", "UTC", True),
    ],
)
def test_no_clock_shows_the_time_over_which_it_goes_forward_and_a_midnight_is_its_day(
    moment: str, zone: str, shown: bool
) -> None:
    assert clock.is_shown(datetime.fromisoformat(moment), zone) is shown


def test_an_instant_is_what_the_clocks_showed() -> None:
    assert clock.shown("2026-01-31T23:30:00+00:00", "Asia/Shanghai") == datetime(2026, 2, 1, 7, 30)
    assert clock.shown("2026-07-31T23:30:00+00:00", "Europe/Berlin") == datetime(2026, 8, 1, 1, 30)
    assert clock.shown("2026-01-31T23:30:00", "Asia/Shanghai") == datetime(2026, 1, 31, 23, 30)


@pytest.mark.parametrize(
    ("one", "other", "before"),
    [
        ("2025-01-03T09:00:00", "2025-01-03T10:00:00", True),
        ("2025-01-03T10:00:00", "2025-01-03T09:00:00", False),
        ("2025-01-03T00:00:00", "2025-01-03T10:00:00", False),
        ("2025-01-03T10:00:00", "2025-01-03T00:00:00", False),
        ("2025-01-02T00:00:00", "2025-01-03T00:00:00", True),
        ("2025-01-02T23:59:59", "2025-01-03T00:00:00", True),
        # In Berlin the clocks showed two to three twice on 26 October 2025, and never on 30 March.
        ("2025-10-26T02:10:00", "2025-10-26T02:50:00", False),
        ("2025-10-26T02:10:00", "2025-10-26T03:00:00", True),
        ("2025-10-25T02:10:00", "2025-10-25T02:50:00", True),
        ("2025-03-30T01:50:00", "2025-03-30T03:10:00", True),
    ],
)
def test_a_date_is_its_whole_day_and_an_hour_shown_twice_is_either(one: str, other: str, before: bool) -> None:
    assert clock.is_before(one, other, "Europe/Berlin") is before


def test_a_date_ends_with_its_day() -> None:
    assert clock.end_of("2025-01-03T00:00:00") == "2025-01-03T23:59:59"
    assert clock.end_of("2025-01-03T10:00:00") == "2025-01-03T10:00:00"
