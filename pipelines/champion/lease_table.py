"""The database table of leases on the registries; it holds no history and can be dropped while no process holds one."""

import sqlalchemy as sa

NAME = "holdfast_lease"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("spec", sa.Text, primary_key=True),
    sa.Column("token", sa.Text, nullable=False),
    # JSON of the process that holds it, and seconds since 1970 by the database's clock.
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("since", sa.Double, nullable=False),
    sa.Column("renewed", sa.Double, nullable=False),
    sa.Column("expiry", sa.Double, nullable=False),
)
# What two processes that ask at once wait on; any number will do, so long as it stays the same.
LOCK = 7_040_116
CLOCK = {
    "sqlite": "SELECT (julianday('now') - 2440587.5) * 86400.0",
    "postgresql": "SELECT EXTRACT(EPOCH FROM clock_timestamp())",
}


def alone(connection: sa.Connection) -> None:
    """Begin a transaction in which no other process takes a lease; the table exists within."""
    sqlite = connection.dialect.name == "sqlite"
    connection.exec_driver_sql("BEGIN IMMEDIATE" if sqlite else f"SELECT pg_advisory_xact_lock({LOCK})")
    if not sa.inspect(connection).has_table(NAME):
        TABLE.create(connection)


def now(connection: sa.Connection) -> float:
    """Seconds since 1970 by the database's clock, the same for all machines."""
    return float(connection.exec_driver_sql(CLOCK[connection.dialect.name]).scalar_one())
