"""Triggers that refuse any change of what a table holds, for SQLite and PostgreSQL."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa

REFUSED = "it is append-only"


def statements(table: str, key: Sequence[str], *, sqlite: bool) -> Iterator[str]:
    """The SQL that makes a table append-only; key are the columns of its primary key."""
    if not sqlite:
        yield (
            "CREATE OR REPLACE FUNCTION holdfast_refuse() RETURNS trigger LANGUAGE plpgsql"
            f" AS $$ BEGIN RAISE EXCEPTION '%: {REFUSED}', TG_TABLE_NAME; END $$"
        )
        yield (
            f"CREATE TRIGGER {table}_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION holdfast_refuse()"
        )
        return
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table}: {REFUSED}'); END"
    for event in ("UPDATE", "DELETE"):
        yield f"CREATE TRIGGER {table}_{event.lower()} BEFORE {event} ON {table} {refuse}"
    # INSERT OR REPLACE deletes without asking the trigger of DELETE, so that of INSERT refuses it.
    same = " AND ".join(f"{column} = NEW.{column}" for column in key)
    there = f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608 - names of our own
    yield f"CREATE TRIGGER {table}_replace BEFORE INSERT ON {table} WHEN {there} {refuse}"


@contextmanager
def lifted(connection: sa.Connection, tables: Sequence[sa.Table]) -> Iterator[None]:
    """A block within a transaction that may change these tables: erasing a person is the one change that there is.

    Whatever goes wrong takes the transaction back, and the triggers with it.
    """
    sqlite = connection.dialect.name == "sqlite"
    for table in tables:
        if sqlite:
            for event in ("update", "delete", "replace"):
                connection.exec_driver_sql(f"DROP TRIGGER {table.name}_{event}")
        else:
            connection.exec_driver_sql(f"ALTER TABLE {table.name} DISABLE TRIGGER {table.name}_change")
    yield
    for table in tables:
        if sqlite:
            for statement in statements(table.name, [one.name for one in table.primary_key], sqlite=True):
                connection.exec_driver_sql(statement)
        else:
            connection.exec_driver_sql(f"ALTER TABLE {table.name} ENABLE TRIGGER {table.name}_change")
