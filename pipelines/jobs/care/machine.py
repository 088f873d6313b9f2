"""Whether the disk has room for what a run writes, and whether clock and time zones are right."""

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from features.errors import HoldfastError
from pipelines.champion import lease_table
from pipelines.jobs.care.finding import ERROR, WARNING, Finding, fine
from pipelines.servers import databases
from pipelines.workspace import Workspace

LEAST_BYTES = 500_000_000
# A run writes beside the last one's results, and DVC keeps a copy of each.
COPIES = 2
ROOMY = 4
SKEW_SECONDS, WRONG_SECONDS = 5.0, 60.0
ANSWER_SECONDS = 4


def disk(workspaces: Iterable[Workspace], root: Path) -> Iterator[Finding]:
    """A line for each disk that a run writes on: the checkout's, temporary files', DVC's cache."""
    folders = [one for each in workspaces for one in (each.tables, each.matrix, each.artifacts, each.state)]
    need = max(LEAST_BYTES, COPIES * sum(map(size, folders)))
    places = {"the checkout": root, "temporary files": Path(tempfile.gettempdir()), "DVC's cache": root / ".dvc/cache"}
    seen: set[int] = set()
    for name, place in places.items():
        if place.exists() and (device := place.stat().st_dev) not in seen:
            seen.add(device)
            yield room(name, shutil.disk_usage(place).free, need)


def size(folder: Path) -> int:
    """The bytes of all files in a folder, 0 where it is absent."""
    return sum(one.stat().st_size for one in folder.rglob("*") if one.is_file() and not one.is_symlink())


def room(name: str, free: int, need: int) -> Finding:
    """Whether so many free bytes are enough for a run that needs so many."""
    said = f"{free / 1e9:.1f} GB free for {name}, a run needs {need / 1e9:.1f} GB"
    if free >= ROOMY * need:
        return fine("disk", said)
    remedy = "make room: `python -m pipelines clean` says what nothing refers to, `dvc gc --workspace` clears the cache"
    return Finding(ERROR if free < need else WARNING, "disk", said, remedy)


def clock(addresses: Iterable[str], zones: Iterable[str], newest: str | None) -> Iterator[Finding]:
    """Lines for the clock against the time of servers and of the newest entry of the ledger, and for time zones."""
    times = {where: told for where in dict.fromkeys(addresses) if (told := server_time(where)) is not None}
    now = datetime.now(UTC).timestamp()
    skew = max((now - told for told in times.values()), key=abs, default=None)
    entry = datetime.fromisoformat(newest).timestamp() if newest else None
    yield _clock(skew, ahead=entry - now if entry else 0.0)
    named = {*zones, *([os.environ["TZ"]] if os.environ.get("TZ") else [])}
    if unknown := sorted(zone for zone in named if not _is_zone(zone)):
        yield Finding(ERROR, "time zone", f"{', '.join(unknown)}: there is none", "correct TZ or time_zone of the spec")
    else:
        yield fine("time zone", ", ".join(sorted(named)) or "that of the system")


def _clock(skew: float | None, *, ahead: float) -> Finding:
    """Our clock against others, in seconds: skew is ours less a server's, ahead the newest entry's less ours."""
    remedy = "set the clock, by NTP such as `timedatectl set-ntp true`"
    if ahead > SKEW_SECONDS:
        return Finding(ERROR, "clock", f"it is {ahead:,.0f} s before the ledger's newest entry", remedy)
    if skew is None:
        return fine("clock", "not before the ledger's newest entry; no server tells the time")
    said = f"{abs(skew):,.1f} s {'ahead of' if skew > 0 else 'behind'} the servers'"
    if abs(skew) <= SKEW_SECONDS:
        return fine("clock", said)
    return Finding(ERROR if abs(skew) > WRONG_SECONDS else WARNING, "clock", said, remedy)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name.removeprefix(":"))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def server_time(where: str) -> float | None:
    """Seconds since 1970 by a server's clock; None where it has none of its own, or does not say."""
    if where.startswith("postgresql"):
        engine = databases.engine(where)
        try:
            with databases.answering(engine), engine.connect() as connection:
                return lease_table.now(connection)
        except HoldfastError:
            return None
    return _of_web_server(where) if where.startswith(("http:", "https:")) else None


def _of_web_server(where: str) -> float | None:
    import urllib.error
    import urllib.request
    from urllib.parse import urlsplit

    parts = urlsplit(where)
    plain = parts._replace(netloc=parts.netloc.rpartition("@")[2], path=f"{parts.path.rstrip('/')}/health")
    try:
        with urllib.request.urlopen(plain.geturl(), timeout=ANSWER_SECONDS) as answer:  # noqa: S310 - http or https
            said = answer.headers.get("Date")
    except urllib.error.HTTPError as refused:
        said = refused.headers.get("Date")
    except (OSError, ValueError):
        return None
    return parsedate_to_datetime(said).timestamp() if said else None
