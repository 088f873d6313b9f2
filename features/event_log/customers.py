"""The table `customers`, where the log itself is all that tells of them: a customer joined with the first event."""

import duckdb

SEEN = "seen"

# A first event that was known late corrects what was thought before: a later version of the same customer.
_VERSIONS = f"""
SELECT customer_id, event_at, known_at, event_at AS joined_at FROM (
    SELECT customer_id, event_at, known_at, min(event_at) OVER earlier AS thought FROM {SEEN}
    WINDOW earlier AS (PARTITION BY customer_id ORDER BY known_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
) WHERE thought IS NULL OR event_at < thought"""  # noqa: S608 - our own words


def prepare(database: duckdb.DuckDBPyConnection) -> None:
    """Make the empty table of who was seen when."""
    database.execute(f"CREATE TEMP TABLE {SEEN} (customer_id VARCHAR, event_at TIMESTAMP, known_at TIMESTAMP)")


def see(database: duckdb.DuckDBPyConnection, rows: str) -> None:
    """Note the customers of a table: of each moment at which something of them was known, the earliest event."""
    database.execute(
        f"INSERT INTO {SEEN} SELECT customer_id, min(event_at), known_at FROM {rows} GROUP BY customer_id, known_at"  # noqa: S608
    )


def derive(database: duckdb.DuckDBPyConnection, *, into: str) -> None:
    """Make the table `into`: each customer, joined at the first event that was known, corrected where need be."""
    once = f"SELECT customer_id, min(event_at) AS event_at, known_at FROM {SEEN} GROUP BY customer_id, known_at"  # noqa: S608
    database.execute(f"CREATE OR REPLACE TEMP TABLE {SEEN} AS {once}")
    database.execute(f"CREATE TEMP TABLE {into} AS {_VERSIONS}")
