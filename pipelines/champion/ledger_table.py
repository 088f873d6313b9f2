"""The database table of the ledger, with triggers that reject updates and deletes."""

import sqlalchemy as sa

from features.errors import UsageError

NAME = "holdfast_ledger"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("spec", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("previous", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
)
# INSERT OR REPLACE deletes without asking the trigger of DELETE, so that of INSERT refuses it.
SQLITE = (
    """
    CREATE TRIGGER holdfast_ledger_update BEFORE UPDATE ON holdfast_ledger
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END
    """,
    """
    CREATE TRIGGER holdfast_ledger_delete BEFORE DELETE ON holdfast_ledger
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END
    """,
    """
    CREATE TRIGGER holdfast_ledger_replace BEFORE INSERT ON holdfast_ledger
    WHEN EXISTS (SELECT 1 FROM holdfast_ledger WHERE spec = NEW.spec AND number = NEW.number)
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END
    """,
)
POSTGRESQL = (
    """
    CREATE FUNCTION holdfast_ledger_refuse() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$
    """,
    """
    CREATE TRIGGER holdfast_ledger_change BEFORE UPDATE OR DELETE OR TRUNCATE ON holdfast_ledger
    FOR EACH STATEMENT EXECUTE FUNCTION holdfast_ledger_refuse()
    """,
)
# What two processes that start together wait on; any number will do, so long as it stays the same.
LOCK = 7_040_115


def make(engine: sa.Engine) -> None:
    """Create the table and its triggers in one transaction, unless they exist.

    Raises UsageError where the table that is there has other columns: another version of the project made it.
    """
    try:
        there = [column["name"] for column in sa.inspect(engine).get_columns(NAME)]
    except sa.exc.NoSuchTableError:
        there = []
    if not there:  # or made while it was looked for
        _create(engine)
        return
    if there != (ours := [column.name for column in TABLE.columns]):
        raise UsageError(
            f"the ledger was made by another version of the project: its table {NAME} has the columns {there}, and this"
            f" version knows {ours}; use that version, or name another ledger in HOLDFAST_LEDGER_URI."
        )


def _create(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        sqlite = engine.dialect.name == "sqlite"
        connection.exec_driver_sql("BEGIN IMMEDIATE" if sqlite else f"SELECT pg_advisory_xact_lock({LOCK})")
        if sa.inspect(connection).has_table(NAME):
            return
        TABLE.create(connection)
        for statement in SQLITE if sqlite else POSTGRESQL:
            connection.exec_driver_sql(statement)
