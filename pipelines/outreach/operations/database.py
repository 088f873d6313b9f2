"""Opening the operations database: SQLite under `state/`, or the PostgreSQL that HOLDFAST_OPERATIONS_URI names."""

import os
from pathlib import Path

import sqlalchemy as sa

from features.errors import UsageError
from pipelines.outreach.operations.tables import VERSION_TABLE
from pipelines.servers import databases

ADDRESS = "HOLDFAST_OPERATIONS_URI"
NAMED = "the operations database"
MIGRATIONS = Path(__file__).parent / "migrations"
# What two processes that start together wait on; any number will do, so long as it stays the same.
LOCK = 7_040_118


def address(root: Path) -> str:
    """Its address. Raises UsageError when that is neither SQLite nor PostgreSQL."""
    said = os.environ.get(ADDRESS)
    if said is None:
        return f"sqlite:///{root / 'state' / 'operations.db'}"
    if not said.startswith(("sqlite:", "sqlite+", "postgresql:", "postgresql+")):
        scheme = said.split(":", 1)[0]
        raise UsageError(f"{ADDRESS} begins with '{scheme}:'; write sqlite:///PATH or postgresql://HOST/DATABASE.")
    if said.startswith("sqlite") and databases.sqlite_path(said) is None:
        raise UsageError(f"{ADDRESS} is '{said}', which is kept nowhere; write sqlite:///PATH, the path of a file.")
    return said


def exists(root: Path) -> bool:
    """Whether there is one already, as far as can be said without asking a server."""
    path = databases.sqlite_path(address(root))
    return path is None or path.exists()


def opened(root: Path, *, pooled: bool = False) -> sa.Engine:
    """The database of a checkout, created or migrated to the newest tables where it is behind.

    Its connections are kept for the next use where they are pooled. Raises StorageError when it does not answer,
    UsageError when a newer version of the project made its tables.
    """
    where = address(root)
    path = databases.sqlite_path(where)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    engine = databases.engine(where, NAMED)
    with databases.answering(engine, NAMED):
        _migrate(engine)
    return databases.engine(where, NAMED, pooled=True) if pooled else engine


def _migrate(engine: sa.Engine) -> None:
    """Bring the tables to the newest version, one process at a time."""
    from alembic.script import ScriptDirectory

    newest = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    with engine.connect() as connection:
        if _version(connection) == newest:
            return
    sqlite = engine.dialect.name == "sqlite"
    if sqlite:
        # Readers and a writer do not wait on each other; the file remembers it.
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    with engine.begin() as connection:
        alone(connection)
        if _version(connection) != newest:
            _upgrade(connection)


def alone(connection: sa.Connection) -> None:
    """Begin a transaction in which no other process writes here."""
    sqlite = connection.dialect.name == "sqlite"
    connection.exec_driver_sql("BEGIN IMMEDIATE" if sqlite else f"SELECT pg_advisory_xact_lock({LOCK})")


def _version(connection: sa.Connection) -> str | None:
    """The version of its tables; None where it has none."""
    if not sa.inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.execute(sa.select(sa.column("version_num")).select_from(sa.table(VERSION_TABLE))).scalar()
    return None if found is None else str(found)


def _upgrade(connection: sa.Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util.exc import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise UsageError(
            f"{NAMED} was made by another version of the project: {databases.first_line(error)}; use that version, or"
            f" name another database in {ADDRESS}."
        ) from error
