"""Consistent copies of databases while others write: SQLite's backup API, or pg_dump and pg_restore."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa

from features.errors import StorageError, UsageError
from pipelines.champion import lease_table
from pipelines.files import storage
from pipelines.messages import masking
from pipelines.outreach.operations.tables import VERSION_TABLE
from pipelines.servers import databases

WAIT_SECONDS = 30.0
# What a database holds from its first second, before anybody has written anything.
FROM_THE_START = ("alembic_version", "experiments", "workspaces", "version_info", VERSION_TABLE, lease_table.NAME)
# Where MLflow keeps paths of files.
PATHS = {
    "experiments": ("artifact_location",),
    "runs": ("artifact_uri",),
    "model_versions": ("source", "storage_location"),
    "logged_models": ("artifact_location",),
}
BESIDE = ("-wal", "-shm", "-journal")


def copy_sqlite(source: Path, target: Path) -> None:
    """A copy of a database as it is at one moment, whoever writes meanwhile."""
    reading = f"{source.absolute().as_uri()}?mode=ro"
    with (
        closing(sqlite3.connect(reading, uri=True, timeout=WAIT_SECONDS)) as there,
        closing(sqlite3.connect(target)) as here,
    ):
        there.backup(here)


def copy_postgresql(where: str, target: Path) -> None:
    """The same by pg_dump. Raises UsageError where it is not installed."""
    _run("pg_dump", ["--format=custom", "--no-owner", "--no-privileges", f"--file={target}"], where)


def restore_postgresql(source: Path, where: str) -> None:
    """Bring a dump back in one transaction: all of its tables, or, where something is wrong, none."""
    words = ["--clean", "--if-exists", "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]
    _run("pg_restore", [*words, str(source)], where)


def _run(program: str, words: list[str], where: str) -> None:
    """Run a program of PostgreSQL's on a database; the password is in no list of processes."""
    path = shutil.which(program)
    if path is None:
        raise UsageError(f"{program} is not installed; install PostgreSQL's client for {masking.mask(where)}.")
    url = sa.make_url(where)
    secret = {"PGPASSWORD": url.password} if url.password else {}
    plain = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    ended = subprocess.run(
        [path, *words, f"--dbname={plain}"], env={**os.environ, **secret}, capture_output=True, text=True, check=False
    )
    if ended.returncode != 0:
        why = masking.mask((ended.stderr.strip().splitlines() or ["it does not say why"])[0].rstrip("."))
        raise StorageError(f"{program} failed on {masking.mask(where)}: {why}. Nothing was changed.")


def filled(where: str) -> list[str]:
    """The tables in which somebody has written; none where there is no database yet."""
    path = databases.sqlite_path(where)
    if path is not None and not path.exists():
        return []
    engine = databases.engine(where, "the database")
    with databases.answering(engine, "the database"), engine.connect() as connection:
        names = [name for name in sa.inspect(connection).get_table_names() if name not in FROM_THE_START]
        return [name for name in names if connection.execute(sa.select(1).select_from(sa.table(name)).limit(1)).first()]


def forget_leases(where: str) -> None:
    """Take away the leases that processes held when the copy was made."""
    _change(where, {lease_table.NAME: [f"DELETE FROM {lease_table.NAME}"]})  # noqa: S608 - our own name


def move_paths(where: str, before: str, after: str) -> None:
    """Have MLflow look for files under another folder than when the copy was made."""
    changes = {
        table: [
            f"UPDATE {table} SET {column} = replace({column}, :before, :after) WHERE {column} LIKE :like"  # noqa: S608 - our own names
            for column in columns
        ]
        for table, columns in PATHS.items()
    }
    for old, new in {before: after, quote(before): quote(after)}.items():  # as a path, and within an address
        _change(where, changes, before=f"{old}/", after=f"{new}/", like=f"%{old}/%")


def _change(where: str, statements: dict[str, list[str]], **values: str) -> None:
    """Execute the statements of those tables that there are."""
    engine = databases.engine(where, "the database")
    with databases.answering(engine, "the database"), engine.begin() as connection:
        there = set(sa.inspect(connection).get_table_names())
        for table, each in statements.items():
            for statement in each if table in there else []:
                connection.execute(sa.text(statement), values)


def folders_of_versions(where: str) -> list[str]:
    """Where the files of registered versions lie, and those of their runs, by MLflow's database; addresses or paths."""
    versions = (
        "SELECT r.artifact_uri FROM runs r JOIN model_versions v ON v.run_id = r.run_uuid"
        " WHERE v.current_stage != 'Deleted_Internal'"
    )
    models = "SELECT m.artifact_location FROM logged_models m JOIN model_versions v ON v.run_id = m.source_run_id"
    engine = databases.engine(where, "MLflow's database")
    with databases.answering(engine, "MLflow's database"), engine.connect() as connection:
        there = set(sa.inspect(connection).get_table_names())
        asked = [sql for table, sql in (("model_versions", versions), ("logged_models", models)) if table in there]
        found = [str(one) for sql in asked for (one,) in connection.execute(sa.text(sql)) if one]
    return list(dict.fromkeys(found))


def put_sqlite(staged: Path, target: Path) -> None:
    """Put a staged copy in the place of a database, in one step; what belongs to the old one goes."""
    with storage.replacing(target) as temporary:
        shutil.copyfile(staged, temporary)  # it may lie on another disk
        for end in BESIDE:
            target.with_name(f"{target.name}{end}").unlink(missing_ok=True)


def same_content(paths: Iterable[Path]) -> bool:
    """Whether databases hold the same rows in the same tables, however their pages lie."""
    texts = set()
    for path in paths:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            texts.add("\n".join(connection.iterdump()))
    return len(texts) == 1
