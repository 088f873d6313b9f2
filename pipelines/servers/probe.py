"""A quick check that the tracking server and the databases answer, before any work."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

from features.errors import HoldfastError, StorageError, UsageError
from pipelines.messages import masking
from pipelines.servers import addresses

SECONDS = 9.0
# Of one attempt to connect; a name may stand for two machines.
ATTEMPT_SECONDS = 4
# What MLflow and PostgreSQL's library are told, unless the environment says otherwise: minutes of silence help nobody.
PATIENCE = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "PGCONNECT_TIMEOUT": str(ATTEMPT_SECONDS),
}
LATER = "Nothing was lost; run the same command again when it answers"


def answers(root: Path, *, writes: bool) -> None:
    """Make sure that the tracking server and the ledger's database answer, within 10 seconds.

    writes says whether the command will write there. Raises StorageError naming who does not answer, and why.
    """
    for variable, where in addresses.everything(root):
        answer(variable, where, writes=writes)


def answer(variable: str, where: str, *, writes: bool) -> None:
    """The same of one address, which a variable of the environment sets. Raises as `answers`."""
    scheme = where.partition(":")[0].partition("+")[0]
    if scheme == "sqlite":
        _sqlite(where, variable, writes=writes)
    elif scheme in ("http", "https"):
        _in_time(lambda: _server(where), where, variable)
    elif scheme in ("postgresql", "postgres"):
        _in_time(lambda: _database(where), where, variable)


def _in_time(ask: Callable[[], str], where: str, variable: str) -> None:
    """Run a check in a thread that is abandoned when it hangs, such as in a name lookup."""
    said: list[str] = ["it did not answer"]
    refused: list[HoldfastError] = []

    def work() -> None:
        try:
            said[0] = ask()
        except UsageError as error:
            refused.append(error)

    thread = Thread(target=work, daemon=True, name="asks whether it answers")
    thread.start()
    thread.join(SECONDS)
    if refused:
        raise refused[0]
    if said[0]:
        why = masking.mask(said[0].rstrip("."))
        raise StorageError(
            f"{masking.mask(where)} ({variable}) cannot be reached: {why}. {LATER}, or correct {variable}."
        )


def _server(where: str) -> str:
    """What is wrong with a tracking server; None where it answers at all, even with a refusal."""
    import ssl
    import urllib.error
    import urllib.request

    parts = urlsplit(where)
    host = parts.netloc.rpartition("@")[2]
    address = parts._replace(netloc=host, path=f"{parts.path.rstrip('/')}/health", query="", fragment="").geturl()
    unchecked = ssl.create_default_context()  # no secret is sent; MLflow checks the certificate as it was told to
    unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
    try:
        with urllib.request.urlopen(address, timeout=ATTEMPT_SECONDS, context=unchecked):  # noqa: S310 - http or https
            return ""
    except urllib.error.HTTPError as error:
        return f"the server says {error.code} {error.reason}" if error.code >= 500 else ""
    except (OSError, ValueError) as error:
        return str(getattr(error, "reason", None) or error or type(error).__name__)


def _database(where: str) -> str:
    """What is wrong with a PostgreSQL database."""
    import sqlalchemy as sa

    from pipelines.servers import databases

    try:
        with databases.engine(where).connect() as connection:
            connection.exec_driver_sql("SELECT 1")
    except sa.exc.SQLAlchemyError as error:
        return databases.first_line(error)
    except ModuleNotFoundError as error:
        raise UsageError(
            f"{masking.mask(where)} names a driver that is not here: {error}; say postgresql://."
        ) from error
    return ""


def _sqlite(where: str, variable: str, *, writes: bool) -> None:
    from pipelines.servers import databases

    path = databases.sqlite_path(where)
    if path is None:
        return
    if not path.parent.is_dir():
        raise StorageError(f"there is no folder {path.parent} for {path.name}; make it, or correct {variable}.")
    wanted = os.R_OK | os.W_OK if writes else os.R_OK
    if not os.access(path if path.exists() else path.parent, wanted):
        raise StorageError(f"{path} cannot be read and written by this user; change its rights, or correct {variable}.")
    if path.exists():
        _ask(path, variable, writes=writes)


def _ask(path: Path, variable: str, *, writes: bool) -> None:
    from pipelines.servers import faults

    try:
        with closing(sqlite3.connect(path, timeout=SECONDS)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master")
            if writes:
                connection.execute("BEGIN IMMEDIATE")
                connection.rollback()
    except sqlite3.Error as error:
        why = faults.of_sqlite(str(error)) or f"{error}"
        raise StorageError(f"{path} ({variable}): {why}. {LATER}.") from error
