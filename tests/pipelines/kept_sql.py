"""Databases of before as SQL files: how they are recorded, read and loaded, and what a database's schema is.

Statements stand apart by an empty line; `-- KIND` begins those of one kind of database, or of all.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa

SQLITE, POSTGRESQL, ROWS = "sqlite", "postgresql", "rows"
CHANGES = ("CREATE", "ALTER", "INSERT", "UPDATE")


def statements(path: Path, *kinds: str) -> list[str]:
    """Those of a file that are of these kinds, in order."""
    found, kind = [], ""
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        if block.startswith("-- "):
            kind = block.removeprefix("-- ").strip()
        elif kind in kinds and block.strip():
            found.append(block.strip())
    return found


def write(path: Path, **parts: list[str]) -> None:
    """Write a file of statements by kind."""
    blocks = [block for kind, some in parts.items() for block in (f"-- {kind}", *some)]
    path.write_text("\n\n".join(blocks) + "\n", encoding="utf-8")


def recorded(act: Callable[[], object]) -> list[str]:
    """The statements without values by which an act changes databases."""
    told: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.lstrip().startswith(CHANGES) and not parameters:
            lines = [line.rstrip() for line in statement.strip().splitlines() if line.strip()]
            told.append("\n".join(lines).replace("%%", "%"))

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        act()
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    return told


def load(engine: sa.Engine, path: Path) -> sa.Engine:
    """The database with what a file says of its kind."""
    with engine.begin() as connection:
        for statement in statements(path, engine.dialect.name, ROWS):
            # psycopg reads % as a placeholder.
            connection.exec_driver_sql(statement if engine.dialect.name == "sqlite" else statement.replace("%", "%%"))
    return engine


def emptied(engine: sa.Engine) -> sa.Engine:
    """The database with nothing in it."""
    if engine.dialect.name == "sqlite":
        path = Path(str(engine.url.database))
        for ending in ("", "-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
    else:
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
    return engine


def schema(engine: sa.Engine) -> dict[str, Any]:
    """What inspection and the triggers say of every table of the project."""
    triggers = (
        "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger'"
        if engine.dialect.name == "sqlite"
        else "SELECT event_object_table, trigger_name, event_manipulation || action_statement"
        " FROM information_schema.triggers"
    )
    found: dict[str, Any] = {}
    with engine.connect() as connection:
        seen = sa.inspect(connection)
        for table in seen.get_table_names():
            columns = [(c["name"], str(c["type"]), c["nullable"], c["default"]) for c in seen.get_columns(table)]
            found[table] = (
                columns,
                seen.get_pk_constraint(table)["constrained_columns"],
                [(one["constrained_columns"], one["referred_table"]) for one in seen.get_foreign_keys(table)],
                seen.get_indexes(table),
                seen.get_unique_constraints(table),
            )
        found["triggers"] = sorted(map(tuple, connection.exec_driver_sql(triggers)))
    return found
