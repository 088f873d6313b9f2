"""The customer that each key belongs to, where several sources have different keys for the same customer."""

import duckdb

from features.errors import DataError
from features.event_log import keyed_files, watch
from features.event_log.judging import EXAMPLES, IDENTITIES
from features.event_log.keyed_files import as_key
from features.event_log.options import EventLogOptions, IdentityOptions
from features.source import Raw


def read(raw: Raw, options: EventLogOptions) -> None:
    """Make the table of identities (key, customer) in the database, empty where the spec names none.

    Raises MissingError when its file was not added, SchemaError when it lacks a column, and DataError when a key
    belongs to two customers.
    """
    queries = []
    for number, one in enumerate(options.identities):
        for rows in watch.TRIED_ROWS:
            with watch.trying(raw.database, f"source.identities[{number}]", rows):
                query = _query(raw, f"source.identities[{number}]", one)
                raw.database.execute(f"{query} LIMIT {rows}").fetchall()
        queries.append(query)
    every = " UNION ALL ".join(queries) or "SELECT NULL::VARCHAR AS key, NULL::VARCHAR AS customer"
    ((rows,),) = raw.database.execute(f"SELECT count(*) FROM ({every})").fetchall()  # noqa: S608 - checked
    with watch.running(raw.database, "source.identities", rows):
        raw.database.execute(
            f"CREATE TEMP TABLE {IDENTITIES} AS SELECT DISTINCT key, customer FROM ({every})"  # noqa: S608
            " WHERE key IS NOT NULL AND customer IS NOT NULL"
        )
    _refuse_doubles(raw.database)


def _query(raw: Raw, where: str, one: IdentityOptions) -> str:
    view = keyed_files.view(raw, one.file, where=where, asked={"key": one.key, "customer_id": one.customer_id})
    return f"SELECT {as_key(one.key)} AS key, {as_key(one.customer_id)} AS customer FROM {view}"  # noqa: S608 - checked expressions


def _refuse_doubles(database: duckdb.DuckDBPyConnection) -> None:
    query = f"SELECT key, list(customer ORDER BY customer) FROM {IDENTITIES} GROUP BY key HAVING count(*) > 1"  # noqa: S608
    if found := database.execute(f"{query} ORDER BY key").fetchall():
        such = "; ".join(f"{key!r} is {' and '.join(map(repr, several[:2]))}" for key, several in found[:EXAMPLES])
        raise DataError(f"source.identities: {len(found):,} keys belong to several customers, such as {such}.")
