"""The erased people as the operations database knows them, of all specs: nobody of them is on a list again."""

from collections.abc import Iterable

import pandas as pd
import sqlalchemy as sa

from pipelines.outreach.operations.database import NAMED
from pipelines.outreach.operations.tables import ERASED
from pipelines.raw_data.erased import Erased
from pipelines.servers import databases


def read(engine: sa.Engine) -> Erased:
    """All of them."""
    with databases.answering(engine, NAMED), engine.connect() as connection:
        return within(connection)


def within(connection: sa.Connection) -> Erased:
    """The same, within a transaction."""
    return Erased(frozenset((salt, found) for salt, found in connection.execute(sa.select(ERASED))))


def add(connection: sa.Connection, customer: str) -> None:
    """Add somebody, once."""
    before = within(connection)
    if new := before.added(customer).people - before.people:
        connection.execute(sa.insert(ERASED), [{"salt": salt, "hash": found} for salt, found in new])


def left_out(engine: sa.Engine, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of customers (customer_id) without those of erased people, numbered anew."""
    found = read(engine).among(_texts(rows["customer_id"]))
    return rows[~rows["customer_id"].astype(str).isin(found)].reset_index(drop=True) if found else rows


def _texts(ids: Iterable[object]) -> set[str]:
    return {str(one) for one in ids}
