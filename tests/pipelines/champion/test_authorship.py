"""Who is written into the ledger."""

import getpass
import socket
from datetime import UTC, datetime, timedelta, timezone

from pipelines.champion.authorship import sign

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_a_person_is_the_user_and_the_machine() -> None:
    assert sign({}, NOON).by == f"{getpass.getuser()}@{socket.gethostname()}"


def test_a_job_of_ci_is_who_set_it_off_and_which_it_is() -> None:
    assert sign({"GITHUB_ACTOR": "ada", "GITHUB_RUN_ID": "77"}, NOON).by == "ada in GITHUB_RUN_ID 77"
    assert sign({"GITLAB_USER_LOGIN": "bob", "CI_JOB_ID": "8"}, NOON).by == "bob in CI_JOB_ID 8"
    assert "@" in sign({"GITHUB_ACTOR": "ada"}, NOON).by


def test_the_time_is_utc_whatever_the_clock_shows() -> None:
    assert sign({}, NOON.astimezone(timezone(timedelta(hours=9)))).at == "2026-05-01T12:00:00+00:00"
