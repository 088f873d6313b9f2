"""Triggers that refuse any change of what a table holds, for SQLite and PostgreSQL."""

from collections.abc import Iterator, Sequence

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
