"""The table `customers` where the log has no joining dates: a customer joins with the first event."""

import duckdb

from features.event_log.first_days import FIRST_DAYS

SEEN = "seen"

# A first event that was known late corrects what was thought before: a later version of the same customer.
_VERSIONS = f"""
SELECT customer_id, event_at, known_at, event_at AS joined_at FROM (
    SELECT customer_id, event_at, known_at, min(event_at) OVER earlier AS thought FROM {SEEN}
    WINDOW earlier AS (PARTITION BY customer_id ORDER BY known_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
) WHERE thought IS NULL OR event_at < thought"""  # noqa: S608 - our own words


def prepare(database: duckdb.DuckDBPyConnection) -> None:
    """Create the empty table of first events by customer."""
    database.execute(f"CREATE TEMP TABLE {SEEN} (customer_id VARCHAR, event_at TIMESTAMP, known_at TIMESTAMP)")


def see(database: duckdb.DuckDBPyConnection, rows: str) -> None:
    """Record the customers of a table: for each moment of knowledge, the earliest event known by then."""
    database.execute(
        f"INSERT INTO {SEEN} SELECT customer_id, min(event_at), known_at FROM {rows} GROUP BY customer_id, known_at"  # noqa: S608
    )


def note_first_days(database: duckdb.DuckDBPyConnection, rows: str) -> None:
    """Create the table of each customer's joining day, by the last version in a `customers` table."""
    database.execute(
        f"CREATE TEMP TABLE {FIRST_DAYS} AS SELECT customer_id,"  # noqa: S608 - our own words
        f" date_trunc('day', arg_max(joined_at, known_at))::TIMESTAMP AS first_day FROM {rows} GROUP BY customer_id"
    )


def join_by_first_event(database: duckdb.DuckDBPyConnection, rows: str) -> None:
    """Move joining dates back to the earliest event, of any table, that was known by then.

    An earlier event that becomes known later makes a later version of the customer. Who is not in the table stays
    unknown.
    """
    _once(database)
    kept = [row[0] for row in database.execute(f"DESCRIBE {rows}").fetchall()]
    own = {
        "customer_id": "o.customer_id",
        "event_at": "o.event_at",
        "known_at": "o.known_at",
        "joined_at": "o.event_at",
    }
    made = ", ".join(f"{own.get(name, f'r.{name}')} AS {name}" for name in kept)
    database.execute(f"CREATE OR REPLACE TEMP TABLE {rows} AS {_JOINED.format(rows=rows, made=made)}")


# Each row as it was, but for the day of joining; and a version more wherever an event was earlier than all before.
_JOINED = f"""
WITH r AS (FROM {{rows}}), o AS (
    SELECT *, min(event_at) OVER earlier AS thought FROM {SEEN} SEMI JOIN r USING (customer_id)
    WINDOW earlier AS (PARTITION BY customer_id ORDER BY known_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
), once AS (SELECT customer_id, known_at, least(event_at, thought) AS first_at FROM o),
whole AS (
    SELECT r.* REPLACE (least(r.joined_at, once.first_at) AS joined_at)
    FROM r ASOF LEFT JOIN once ON r.customer_id = once.customer_id AND r.known_at >= once.known_at
)
SELECT * FROM whole UNION ALL BY NAME
SELECT {{made}} FROM o ASOF LEFT JOIN r ON o.customer_id = r.customer_id AND o.known_at >= r.known_at
WHERE (o.thought IS NULL OR o.event_at < o.thought) AND (r.joined_at IS NULL OR o.event_at < r.joined_at)
    AND (r.known_at IS NULL OR r.known_at < o.known_at)"""  # noqa: S608 - our own words


def derive(database: duckdb.DuckDBPyConnection, *, into: str) -> None:
    """Create the table `into`: each customer, joined at the first known event, with later corrections."""
    _once(database)
    database.execute(f"CREATE TEMP TABLE {into} AS {_VERSIONS}")


def _once(database: duckdb.DuckDBPyConnection) -> None:
    """One row for each customer and moment of knowledge, over all tables."""
    once = f"SELECT customer_id, min(event_at) AS event_at, known_at FROM {SEEN} GROUP BY customer_id, known_at"  # noqa: S608
    database.execute(f"CREATE OR REPLACE TEMP TABLE {SEEN} AS {once}")
