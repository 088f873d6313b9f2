"""The table `usage` of an event log: single sessions and clicks become one row for each customer and day."""

import duckdb

from features.schema import Column, Table
from features.tables import USAGE

ONE_USE = Table(
    "usage",
    "single events of use, from which the rows of `usage` are counted",
    key=("customer_id", "event_at"),
    columns=(
        Column("customer_id", "text", "the customer"),
        Column("event_at", "timestamp", "when it happened"),
        Column("known_at", "timestamp", "when the company first knew of it"),
        Column("actions", "integer", "how many actions it stands for; 1 where not said", nullable=True),
        Column("minutes", "number", "how long it took", unit="minutes", nullable=True),
        Column("session", "text", "what tells one session of a day from another", nullable=True),
        Column("kind", "category", "what was done", nullable=True),
    ),
)

# Sums of decimals do not depend on the order in which they are added, as those of doubles would in their last bits.
_DECIMAL = "DECIMAL(38, 6)"
_SUMS = {
    "actions": "sum(actions) OVER known",
    "minutes": f"CAST(sum(CAST(minutes AS {_DECIMAL})) OVER known AS DOUBLE)",
    "sessions": "nullif(len(list_distinct(flatten(list(sessions) OVER known))), 0)",
    "kinds": "nullif(len(list_distinct(flatten(list(kinds) OVER known))), 0)",
}


def roll_up(database: duckdb.DuckDBPyConnection, events: str, *, into: str) -> None:
    """Make the table `into` of `events`: a row for each customer, day, and day on which rows of that day were known.

    It counts all of the customer's day that was known by then, so that a late event makes a later version of the
    row, and one that was read at an earlier date stays what it was. A month of events is in memory at a time.
    """
    columns = [f"{_count(name)} AS {name}" for name in USAGE.names if name in _SUMS]
    unread = [f"max({name}__unreadable) OVER known AS {name}__unreadable" for name in ("actions", "minutes")]
    chosen = ", ".join(["customer_id", "event_at", "known_at", *columns, *unread])
    query = f"SELECT {chosen} FROM ({_GROUPED}) WINDOW known AS ({_KNOWN})"  # noqa: S608 - our own words
    database.execute(f"CREATE TEMP TABLE {into} AS {query.format(events=events, month='NULL')}")
    months = f"SELECT DISTINCT date_trunc('month', event_at) AS month FROM {events} ORDER BY month"  # noqa: S608
    for (month,) in database.execute(months).fetchall():
        one = query.format(events=events, month=f"TIMESTAMP '{month}'")
        database.execute(f"INSERT INTO {into} {one}")


_KNOWN = "PARTITION BY customer_id, event_at ORDER BY known_at ROWS UNBOUNDED PRECEDING"
_GROUPED = f"""
SELECT customer_id, date_trunc('day', event_at) AS event_at, max(known_at) AS known_at,
    CAST(sum(coalesce(actions, 1)) AS BIGINT) AS actions, max(actions__unreadable) AS actions__unreadable,
    sum(CAST(minutes AS {_DECIMAL})) AS minutes, max(minutes__unreadable) AS minutes__unreadable,
    list(DISTINCT session) AS sessions, list(DISTINCT kind) AS kinds
FROM {{events}} WHERE date_trunc('month', event_at) = {{month}}
GROUP BY customer_id, date_trunc('day', event_at), date_trunc('day', known_at)"""  # noqa: S608 - our own words


def _count(name: str) -> str:
    if name in ("actions", "minutes"):
        whole = f"CASE WHEN max({name}__unreadable) OVER known IS NULL THEN {_SUMS[name]} END"
        return f"CAST({whole} AS {'BIGINT' if name == 'actions' else 'DOUBLE'})"
    return _SUMS[name]
