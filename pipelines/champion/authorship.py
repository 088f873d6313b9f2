"""Author and time of a ledger entry."""

import getpass
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pipelines.messages import json_lines

# Of GitHub, GitLab and Jenkins: who set off the job, and which it is.
CI = (("GITHUB_ACTOR", "GITHUB_RUN_ID"), ("GITLAB_USER_LOGIN", "CI_JOB_ID"), ("BUILD_USER_ID", "BUILD_TAG"))


@dataclass(frozen=True)
class Authorship:
    """by is user@host or the initiator of a CI job; at is the time in UTC, ISO 8601 to the second.

    run_id is that of the run's log; empty where it has none.
    """

    by: str
    at: str
    run_id: str = ""


def sign(environment: Mapping[str, str], now: datetime) -> Authorship:
    """The author and time of a command in this environment at this time, which has its zone."""
    jobs = [f"{environment[user]} in {job} {environment[job]}" for user, job in CI if {user, job} <= environment.keys()]
    at = now.astimezone(UTC).isoformat(timespec="seconds")
    return Authorship(jobs[0] if jobs else _user(), at, environment.get(json_lines.RUN_ID, ""))


def _user() -> str:
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (KeyError, OSError, ImportError):  # a container may run under an id that has no name
        return f"somebody@{socket.gethostname()}"
