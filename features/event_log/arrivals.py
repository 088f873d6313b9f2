"""Received rows beside the rows of the files: which of them count, and the parts that they make."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

import duckdb

from features.event_log import customers, months, received
from features.event_log.expressions import literal, quoted
from features.event_log.options import EventLogOptions
from features.schema import Table
from features.source import Part, Raw, ReceivedUntil, Reconciled

# Why a received row is left out; the next batch may let it in.
LATER = "received: known after the files end"
UNKNOWN = "received: customer unknown"
TOO_EARLY = "received: before the customer's first day"
JOINED_LATER = "received: joined later than in the files"
OF_ANOTHER = "received: key of another customer"
SAME = "received: same version in the files"
PREFIX = "received-"
# When the newest row of the files became known, and the joining days that they and received rows give.
_ENDS, _JOINED = "files_end", "joined_customers"


def prepare(raw: Raw, options: EventLogOptions, declared: Mapping[str, Table]) -> None:
    """Load the received rows, for `note` and `parts`."""
    received.load(raw, [declared[name] for name in declared if name in options.tables])
    raw.database.execute(f"CREATE TEMP TABLE {_ENDS} (known_at TIMESTAMP)")
    raw.database.execute(f"CREATE TEMP TABLE {_JOINED} (customer_id VARCHAR, joined_at TIMESTAMP, known_at TIMESTAMP)")


def note(database: duckdb.DuckDBPyConnection, table: Table, rows: str) -> None:
    """Note of a table's mapped rows what decides about received ones: when they end, and the keys of both."""
    database.execute(f"INSERT INTO {_ENDS} SELECT max(known_at) FROM {rows}")  # noqa: S608 - our own words
    key = ", ".join(dict.fromkeys((*table.key, "customer_id", "known_at")))
    database.execute(
        f"CREATE TEMP TABLE {_standing(table)} AS SELECT DISTINCT {key} FROM {rows}"  # noqa: S608
        f" SEMI JOIN {received.name_of(table)} USING ({', '.join(table.key)})"
    )
    if table.name == "customers":
        database.execute(f"INSERT INTO {_JOINED} SELECT customer_id, joined_at, known_at FROM {rows}")  # noqa: S608


def parts(
    raw: Raw, options: EventLogOptions, declared: Mapping[str, Table], counts: Mapping[str, Reconciled]
) -> Iterator[Part | Reconciled | ReceivedUntil]:
    """Of each mapped table what is counted now, and its received parts; then the last event that they hold.

    Rows are left out, and counted, that became known after the files end, or extracted_at (unless `received` is
    `complete`), whose customer is unknown or joined later, whose key is another customer's, and, of customers, that
    would have them join after what the files hold of them.
    """
    database, end = raw.database, _end(raw.database, options)
    for name in options.tables_in_order:
        table = declared[name]
        rows = received.name_of(table)
        _judge(database, options, table, end=end)
        gone = dict(database.execute(f"SELECT problem, count(*) FROM {rows} GROUP BY ALL ORDER BY ALL").fetchall())  # noqa: S608
        kept = gone.pop(None, 0)
        if read := kept + sum(gone.values()):
            before = counts[name]
            files = {**before.read, received.FILE: before.read.get(received.FILE, 0) + read}
            dropped = dict(Counter(before.dropped) + Counter(gone))
            yield replace(before, read=files, dropped=dropped, kept=before.kept + kept)
        accepted = f"SELECT * EXCLUDE (problem, {received.NUMBER}) FROM {rows} WHERE problem IS NULL"  # noqa: S608
        database.execute(f"CREATE OR REPLACE TEMP TABLE accepted AS {accepted}")
        yield from _accept(database, options, table, "accepted")
    yield ReceivedUntil(_last(raw, end))


def _accept(database: duckdb.DuckDBPyConnection, options: EventLogOptions, table: Table, rows: str) -> Iterator[Part]:
    if table.name != "customers":
        # A day of use begins at midnight, before anybody came.
        latest = "least(event_at + INTERVAL 1 DAY - INTERVAL 1 MICROSECOND, known_at)" if table.daily else "event_at"
        customers.see(database, f"(SELECT * REPLACE ({latest} AS event_at) FROM {rows})")  # noqa: S608
    else:
        database.execute(f"INSERT INTO {_JOINED} SELECT customer_id, joined_at, known_at FROM {rows}")  # noqa: S608
        if options.before_first_day == "earliest":  # whose parts come last, with the days that all events give
            database.execute(f"INSERT INTO rows_customers BY NAME FROM {rows}")
            return
        customers.see(database, rows)
    yield from months.parts(database, table, rows, prefix=PREFIX)


def _judge(database: duckdb.DuckDBPyConnection, options: EventLogOptions, table: Table, *, end: str | None) -> None:
    """Add to the received rows of a table why they are left out; null where they are not."""
    rows, standing = received.name_of(table), _standing(table)
    same = " AND ".join(f"r.{one} = s.{one}" for one in map(quoted, table.key))
    cases = [f"WHEN r.known_at > TIMESTAMP {literal(end)} THEN {literal(LATER)}"] if end else []
    if "customers" in options.tables and table.name != "customers":
        cases.append(f"WHEN j.customer_id IS NULL THEN {literal(UNKNOWN)}")
        if options.before_first_day != "earliest":
            cases.append(f"WHEN r.event_at < j.first_day THEN {literal(TOO_EARLY)}")
    elif table.name == "customers" and options.before_first_day != "earliest":
        cases.append(f"WHEN r.joined_at >= j.first_day + INTERVAL 1 DAY THEN {literal(JOINED_LATER)}")
    there = f"EXISTS (FROM {standing} AS s WHERE {same} AND s.{{}})"
    cases.append(f"WHEN {there.format('customer_id <> r.customer_id')} THEN {literal(OF_ANOTHER)}")
    cases.append(f"WHEN {there.format('known_at = r.known_at')} THEN {literal(SAME)}")
    first_day = "date_trunc('day', arg_max(joined_at, known_at))::TIMESTAMP AS first_day"
    joined = f"(SELECT customer_id, {first_day} FROM {_JOINED} GROUP BY customer_id)"  # noqa: S608
    judged = (
        f"SELECT r.*, CASE {' '.join(cases)} END AS problem FROM {rows} AS r"  # noqa: S608 - quoted names
        f" LEFT JOIN {joined} AS j ON r.customer_id = j.customer_id"
    )
    # Of a key that two customers were given the first one's rows count.
    owner = f"first_value(customer_id) OVER (PARTITION BY {', '.join(map(quoted, table.key))}, problem IS NULL"
    problem = f"CASE WHEN {owner} ORDER BY {received.NUMBER}) <> customer_id THEN {literal(OF_ANOTHER)} END"
    database.execute(
        f"CREATE OR REPLACE TEMP TABLE {rows} AS"  # noqa: S608 - our own words
        f" SELECT * REPLACE (coalesce(problem, {problem}) AS problem) FROM ({judged})"
    )


def _end(database: duckdb.DuckDBPyConnection, options: EventLogOptions) -> str | None:
    """When the data end, as a text; None where they end with the last received row."""
    if options.extracted_at is not None:
        return options.extracted_at.isoformat(sep=" ")
    if options.received == "complete":
        return None
    ((end,),) = database.execute(f"SELECT max(known_at) FROM {_ENDS}").fetchall()  # noqa: S608
    return str(end)


def _last(raw: Raw, end: str | None) -> int:
    """The number of the last received row that is known when the data end: numbers are in the order of time."""
    if received.FILE not in raw.names:
        return 0
    known = f"WHERE known_at <= TIMESTAMP {literal(end)}" if end else ""
    asked = f"SELECT coalesce(max({received.NUMBER}), 0) FROM {raw.relation(received.FILE)} {known}"  # noqa: S608
    ((number,),) = raw.database.execute(asked).fetchall()
    return int(number)


def _standing(table: Table) -> str:
    return f"standing_{table.name}"
