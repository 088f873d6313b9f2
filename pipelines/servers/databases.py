"""Opening the databases of ledger, leases and operations, and errors when one is unavailable."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.pool import ConnectionPoolEntry, NullPool, QueuePool

from features.errors import StorageError, UsageError
from pipelines.messages import masking
from pipelines.servers import faults

WAIT_SECONDS = 10
CONNECT_SECONDS = 5
# What those wait on who open MLflow's database; any number will do, so long as it stays the same.
LOCK = 7_040_117


def engine(where: str, named: str = "the ledger", *, pooled: bool = False) -> sa.Engine:
    """A lazily connecting engine with a short timeout; named is what it is to a reader.

    It keeps no connection open, unless they are pooled for a process that stays. Raises UsageError for what is no
    address.
    """
    sqlite = where.startswith("sqlite")
    waiting = {"timeout": WAIT_SECONDS} if sqlite else {"connect_timeout": CONNECT_SECONDS}
    kept = {"poolclass": QueuePool, "pool_pre_ping": not sqlite} if pooled else {"poolclass": NullPool}
    try:
        found = sa.create_engine(where, connect_args=waiting, hide_parameters=True, **kept)
    except (sa.exc.ArgumentError, ImportError, ValueError) as error:  # of a driver that is not installed, too
        raise UsageError(f"the address of {named} is not one: {first_line(error)}.") from error
    path = sqlite_path(where)
    if pooled and path is not None:
        _only_while_there(found, path)
    return found


def _only_while_there(found: sa.Engine, path: Path) -> None:
    """Use a kept connection to an SQLite file only while that file is there: what a deleted one takes is lost."""

    @sa.event.listens_for(found, "connect")
    def opened(_: object, record: ConnectionPoolEntry) -> None:
        record.info["file"] = _file(path)

    @sa.event.listens_for(found, "checkout")
    def taken(_: object, record: ConnectionPoolEntry, __: object) -> None:
        if record.info["file"] != _file(path):
            raise sa.exc.DisconnectionError(f"{path} is another file now, or gone")


def _file(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_dev, stat.st_ino


@contextmanager
def answering(found: sa.Engine, named: str = "the ledger") -> Iterator[None]:
    """A block that turns a full, locked or unavailable database into a StorageError, but not duplicate keys."""
    try:
        yield
    except sa.exc.IntegrityError:
        raise
    except (sa.exc.DBAPIError, sa.exc.TimeoutError) as error:  # the latter where all pooled connections are in use
        where = found.url.render_as_string(hide_password=True)
        why = faults.of_sqlite(str(error)) or first_line(error)
        raise StorageError(
            f"{named} at {masking.mask(where)} could not be read or written: {why}; {faults.AGAIN}."
        ) from error


@contextmanager
def alone(where: str) -> Iterator[None]:
    """A block run by one process at a time per database: MLflow creates and migrates its tables without a lock.

    For SQLite it is the database's folder that is locked, for PostgreSQL a number; a server sees to it itself.
    """
    path = sqlite_path(where)
    if path is not None and path.parent.is_dir():
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)
    elif where.startswith("postgresql"):
        found = engine(where)
        with ExitStack() as stack:
            with answering(found):
                connection = stack.enter_context(found.connect())
                connection.exec_driver_sql(f"SELECT pg_advisory_lock({LOCK})")
            yield
    else:
        yield


def sqlite_path(where: str) -> Path | None:
    """The file of an SQLite address; None for other addresses."""
    if not where.startswith("sqlite"):
        return None
    name = where.partition(":///")[2].partition("?")[0]
    return None if not name or name == ":memory:" or name.startswith("file:") else Path(name)


def first_line(error: Exception) -> str:
    """The first line of a library's message, with secrets masked."""
    return masking.mask((str(error).splitlines() or [type(error).__name__])[0].rstrip("."))
