"""Translation of system and server faults into one-line errors with a remedy; bugs stay bugs."""

import errno
import os
import re
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType

from features.errors import HoldfastError, StorageError, UsageError
from pipelines.messages import masking
from pipelines.servers import addresses

AGAIN = "run the same command again (completed work is kept)"
FULL = f"the disk is full; make room, then {AGAIN}"
LIMIT = f"a limit on the size of files was met (`ulimit -f`); lift it, then {AGAIN}"
CLOSED = f"it cannot be written; make it writable for this user, then {AGAIN}"
DISK = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: f"your share of the disk is used up; make room, then {AGAIN}",
    errno.EFBIG: LIMIT,
    errno.EROFS: CLOSED,
    errno.EACCES: CLOSED,
    errno.EPERM: CLOSED,
    errno.EMFILE: f"too many files are open (`ulimit -n`); lift that limit, then {AGAIN}",
    errno.EIO: f"the disk reports an error; repair it, then {AGAIN}",
}
SQLITE = (
    ("database is locked", "another program keeps it locked; end that, or wait"),
    ("readonly database", "it is read-only for this user; make file and folder writable"),
    ("disk is full", "the disk is full, or a limit on the size of files was met; make room"),
    ("disk I/O error", "the disk is full, at a limit on the size of files (`ulimit -f`), or broken; make room"),
    ("unable to open database file", "it cannot be opened; its folder must be there and writable"),
    ("not a database", "it is no SQLite database; move it away, or give another path"),
    ("malformed", "it is damaged; take it back from a backup"),
)
# Whose faults are the world's rather than ours, if what stands beneath them is.
LIBRARIES = (
    "sqlite3",
    "sqlalchemy",
    "mlflow",
    "psycopg",
    "requests",
    "urllib3",
    "optuna",
    "duckdb",
    "pyarrow",
    "_duckdb",
)

UNANSWERED = re.compile(r"API request to .* failed with (exception|error code 5)")


class Translated(AbstractContextManager[None]):
    """A block in which a full disk, a lost server and the like become a StorageError."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Raise the translated fault, chained to it; leave others unchanged."""
        if error is not None and (found := meaning(error, self._root)):
            raise found from error


def meaning(error: BaseException, root: Path) -> HoldfastError | None:
    """The error for a fault; None for the project's own errors, stops and bugs."""
    if isinstance(error, HoldfastError | BrokenPipeError) or not (
        isinstance(error, OSError | MemoryError) or _foreign(error)
    ):
        return None
    for link in _chain(error):
        if found := _disk(link) or _memory(link) or _database(link, root) or _server(link, root):
            return found
    if isinstance(error, OSError) and error.strerror:
        return StorageError(f"{error.strerror}: {error.filename or 'the disk'}.")
    return None


def _foreign(error: BaseException) -> bool:
    return type(error).__module__.split(".")[0] in LIBRARIES


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """A fault and its causes, the deepest first."""
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        error = getattr(error, "orig", None) or error.__cause__ or error.__context__
    yield from reversed(seen)


def _disk(error: BaseException) -> StorageError | None:
    number = error.errno if isinstance(error, OSError) else None
    if number is None and (isinstance(error, OSError) or _foreign(error)):
        words = {os.strerror(one): one for one in DISK}
        number = next((one for text, one in words.items() if text in str(error)), None)
    if number not in DISK:
        return None
    name = getattr(error, "filename", None)
    return StorageError(f"{f'{name}: ' if name else ''}{DISK[number]}.")


def _memory(error: BaseException) -> StorageError | None:
    name = type(error).__name__
    if name == "OutOfMemoryException":
        return StorageError(f"DuckDB needs more memory than it may use; raise HOLDFAST_MEMORY_LIMIT, then {AGAIN}.")
    return StorageError(f"memory ran out; give more, then {AGAIN}.") if isinstance(error, MemoryError) else None


def of_sqlite(said: str) -> str | None:
    """The meaning of an SQLite fault, and the remedy."""
    return next((meant for words, meant in SQLITE if words in said), None)


def _database(error: BaseException, root: Path) -> HoldfastError | None:
    """A database that is locked, read-only, full or gone."""
    if not _foreign(error):
        return None
    if meant := of_sqlite(str(error)):
        return StorageError(f"the database at {_where(root)}: {meant}, then {AGAIN}.")
    psycopg = sys.modules.get("psycopg")
    if psycopg and isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return StorageError(f"the database at {_where(root)} does not answer ({_first(error)}); {AGAIN}, once it does.")
    return None


def _server(error: BaseException, root: Path) -> HoldfastError | None:
    """A tracking server that is unavailable or refuses access."""
    requests = sys.modules.get("requests")
    if requests and isinstance(error, requests.ConnectionError | requests.Timeout):
        return StorageError(f"the tracking server at {_where(root)} does not answer; {AGAIN}, once it does.")
    code = str(getattr(error, "error_code", ""))
    if code in ("UNAUTHENTICATED", "PERMISSION_DENIED", "CUSTOMER_UNAUTHORIZED"):
        return UsageError(f"MLflow at {_where(root)} refuses us ({_first(error)}); give the right user and password.")
    if type(error).__name__.startswith("Unsupported"):
        return UsageError(f"MLflow knows no store of the kind of {_where(root)}; correct {addresses.TRACKING}.")
    if type(error).__name__ == "MlflowException" and UNANSWERED.search(str(error)):
        return StorageError(
            f"the tracking server at {_where(root)} reports an internal error; {AGAIN}, once it answers."
        )
    return None


def _where(root: Path) -> str:
    return " or ".join(masking.mask(where) for _, where in addresses.everything(root))


def _first(error: BaseException) -> str:
    return masking.mask((str(error).splitlines() or [""])[0].rstrip("."))
