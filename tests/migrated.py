"""The empty database of MLflow, made once: migrations take most of a second, and hundreds of tests need one each."""

import fcntl
import importlib
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any


def once(template: Path) -> None:
    """Let MLflow begin a new SQLite file of this process, and of its forks, as a copy of the template.

    The first that begins one makes the template of it, by MLflow's own migrations. A database that has been migrated
    before, as one of an older MLflow, goes their way.
    """
    utils: Any = importlib.import_module("mlflow.store.db.utils")
    migrate = utils._upgrade_db

    def begin(engine: Any) -> None:
        file = engine.url.database
        if engine.dialect.name != "sqlite" or not file or file == ":memory:" or _is_migrated(file):
            migrate(engine)
            return
        with template.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not template.exists():
                migrate(engine)
                _copied(Path(file), template.with_suffix(".soon"))
                template.with_suffix(".soon").rename(template)
                return
        _copied(template, Path(file))

    utils._upgrade_db = begin


def _is_migrated(file: str) -> bool:
    with closing(sqlite3.connect(file)) as opened:
        return bool(opened.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchall())


def _copied(one: Path, other: Path) -> None:
    with closing(sqlite3.connect(one)) as source, closing(sqlite3.connect(other)) as target:
        source.backup(target)
