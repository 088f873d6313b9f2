"""The table `usage` of an event log: sessions and clicks aggregated to one row per customer and day."""

import duckdb

from features.schema import Column, Table
from features.tables import USAGE

ONE_USE = Table(
    "usage",
    "single events of use, from which the rows of `usage` are counted",
    key=("customer_id", "event_at"),
    columns=(
        Column("usage_id", "text", "what names the event, where a later row may correct it", nullable=True),
        Column("customer_id", "text", "the customer"),
        Column("event_at", "timestamp", "when it happened"),
        Column("known_at", "timestamp", "when the company first knew of it"),
        Column("actions", "integer", "how many actions it stands for; 1 where not said", nullable=True),
        Column("minutes", "number", "how long it took", unit="minutes", nullable=True),
        Column("session", "text", "what tells one session of a day from another", nullable=True),
        Column("kind", "category", "what was done", nullable=True),
    ),
)
# When a later version of the same event became known; null where none did.
SUPERSEDED_AT = "superseded_at"

# Sums of decimals do not depend on the order in which they are added, as those of doubles would in their last bits.
_DECIMAL = "DECIMAL(38, 6)"
_SUMS = {
    "actions": "sum(actions) OVER known",
    "minutes": f"CAST(sum(CAST(minutes AS {_DECIMAL})) OVER known AS DOUBLE)",
    "sessions": "nullif(len(list_distinct(flatten(list(sessions) OVER known))), 0)",
    "kinds": "nullif(len(list_distinct(flatten(list(kinds) OVER known))), 0)",
}
_CHANGED = "days_changed"


def roll_up(database: duckdb.DuckDBPyConnection, events: str, *, into: str) -> int:
    """Aggregate `events` into the table `into`: a row for each customer, day, and day on which new data for it arrived.

    It counts all of the customer's day that was known by then, so that a late event makes a later version of the
    row, and one that was read at an earlier date stays what it was. An event that a later version replaces counts no
    more from then on: its day has a version without it, if only one of nothing. events has SUPERSEDED_AT beside the
    columns of ONE_USE. Returns how many rows were made because something was taken out and nothing came. A month of
    events is in memory at a time.
    """
    query = f"SELECT DISTINCT customer_id, date_trunc('day', event_at) AS day FROM {events}"  # noqa: S608 - our words
    database.execute(f"CREATE TEMP TABLE {_CHANGED} AS {query} WHERE {SUPERSEDED_AT} IS NOT NULL")
    plain, changed = _plain(), _of_changed_days()
    nothing = plain.format(events=events, month="NULL")
    database.execute(f"CREATE TEMP TABLE {into} AS {nothing}")
    months = f"SELECT DISTINCT date_trunc('month', event_at) AS month FROM {events} ORDER BY month"  # noqa: S608
    for (month,) in database.execute(months).fetchall():
        for sql in (plain, changed):
            one = sql.format(events=events, month=f"TIMESTAMP '{month}'")
            database.execute(f"INSERT INTO {into} {one}")
    (emptied,) = database.execute(f"SELECT count(*) FROM {into} WHERE NOT has_new").fetchall()[0]  # noqa: S608
    database.execute(f"ALTER TABLE {into} DROP COLUMN has_new")
    database.execute(f"DROP TABLE {_CHANGED}")
    return int(emptied)


_KNOWN = "PARTITION BY customer_id, event_at ORDER BY known_at ROWS UNBOUNDED PRECEDING"
_GROUPED = f"""
SELECT customer_id, date_trunc('day', event_at) AS event_at, max(known_at) AS known_at,
    CAST(sum(coalesce(actions, 1)) AS BIGINT) AS actions, max(actions__unreadable) AS actions__unreadable,
    sum(CAST(minutes AS {_DECIMAL})) AS minutes, max(minutes__unreadable) AS minutes__unreadable,
    list(DISTINCT session) AS sessions, list(DISTINCT kind) AS kinds
FROM {{events}} AS e ANTI JOIN {_CHANGED} AS c ON e.customer_id = c.customer_id AND date_trunc('day', event_at) = c.day
WHERE date_trunc('month', event_at) = {{month}}
GROUP BY customer_id, date_trunc('day', event_at), date_trunc('day', known_at)"""  # noqa: S608 - our own words

# Of the few days on which something was replaced: the moments at which they changed, and what counted at each.
_CHANGING = f"""
WITH e AS (
    SELECT {{events}}.*, day FROM {{events}} JOIN {_CHANGED} AS c
    ON {{events}}.customer_id = c.customer_id AND date_trunc('day', event_at) = c.day
    WHERE date_trunc('month', event_at) = {{month}}
), moments AS (
    SELECT customer_id, day, max(moment) AS known_at, bool_or(is_new) AS has_new FROM (
        SELECT customer_id, day, known_at AS moment, true AS is_new FROM e
        UNION ALL SELECT customer_id, day, {SUPERSEDED_AT}, false FROM e WHERE {SUPERSEDED_AT} IS NOT NULL
    ) GROUP BY customer_id, day, date_trunc('day', moment)
), counted AS (
    SELECT m.customer_id, m.day AS event_at, m.known_at, m.has_new,
        sum(coalesce(actions, 1)) FILTER (e.customer_id IS NOT NULL) AS actions,
        max(actions__unreadable) AS actions__unreadable, sum(CAST(minutes AS {_DECIMAL})) AS minutes,
        max(minutes__unreadable) AS minutes__unreadable, count(DISTINCT session) AS sessions,
        count(DISTINCT kind) AS kinds
    FROM moments AS m LEFT JOIN e ON e.customer_id = m.customer_id AND e.day = m.day AND e.known_at <= m.known_at
        AND ({SUPERSEDED_AT} IS NULL OR {SUPERSEDED_AT} > m.known_at)
    GROUP BY ALL
)"""  # noqa: S608 - our own words
_WHOLE = {
    "actions": "CAST(coalesce(actions, 0) AS BIGINT)",
    "minutes": "CAST(minutes AS DOUBLE)",
    "sessions": "nullif(sessions, 0)",
    "kinds": "nullif(kinds, 0)",
}


def _plain() -> str:
    """The rows of days without corrections."""
    columns = [f"{_count(name)} AS {name}" for name in USAGE.names if name in _SUMS]
    unread = [f"max({name}__unreadable) OVER known AS {name}__unreadable" for name in ("actions", "minutes")]
    chosen = ", ".join(["customer_id", "event_at", "known_at", *columns, *unread, "true AS has_new"])
    return f"SELECT {chosen} FROM ({_GROUPED}) WINDOW known AS ({_KNOWN})"  # noqa: S608 - our own words


def _of_changed_days() -> str:
    """The rows of days with corrections, with the same columns."""
    whole = {
        name: f"CASE WHEN {name}__unreadable IS NULL THEN {sql} END" if name in ("actions", "minutes") else sql
        for name, sql in _WHOLE.items()
    }
    columns = [f"{whole[name]} AS {name}" for name in USAGE.names if name in whole]
    unread = ["actions__unreadable", "minutes__unreadable"]
    chosen = ", ".join(["customer_id", "event_at", "known_at", *columns, *unread, "has_new"])
    return f"{_CHANGING} SELECT {chosen} FROM counted"  # noqa: S608 - our own words


def _count(name: str) -> str:
    if name in ("actions", "minutes"):
        whole = f"CASE WHEN max({name}__unreadable) OVER known IS NULL THEN {_SUMS[name]} END"
        return f"CAST({whole} AS {'BIGINT' if name == 'actions' else 'DOUBLE'})"
    return _SUMS[name]
