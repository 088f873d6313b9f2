"""Databases of the ledger and its leases: how one is opened, and what is said when it does not answer."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from features.errors import StorageError, UsageError
from pipelines import faults, masking

WAIT_SECONDS = 10
CONNECT_SECONDS = 5


def engine(where: str) -> sa.Engine:
    """An engine that connects when it is asked something, waits some seconds and no more, and keeps nothing open.

    Raises UsageError for what is no address.
    """
    sqlite = where.startswith("sqlite")
    waiting = {"timeout": WAIT_SECONDS} if sqlite else {"connect_timeout": CONNECT_SECONDS}
    try:
        return sa.create_engine(where, poolclass=NullPool, connect_args=waiting, hide_parameters=True)
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError, ValueError) as error:
        raise UsageError(f"the ledger's address is not one: {first_line(error)}.") from error


@contextmanager
def answering(found: sa.Engine) -> Iterator[None]:
    """A block in which a database that is full, locked or gone is a StorageError, and two rows of one key are not."""
    try:
        yield
    except sa.exc.IntegrityError:
        raise
    except sa.exc.DBAPIError as error:
        where = found.url.render_as_string(hide_password=True)
        why = faults.of_sqlite(str(error)) or first_line(error)
        named = f"the ledger at {masking.mask(where)}"
        raise StorageError(f"{named} could not be read or written: {why}; {faults.AGAIN}.") from error


def first_line(error: Exception) -> str:
    """The first line of what a library says, without secrets."""
    return masking.mask((str(error).splitlines() or [type(error).__name__])[0].rstrip("."))
