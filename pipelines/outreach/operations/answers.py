"""Answers of the service: what which version said of whom, when, and by which input."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import sqlalchemy as sa

from pipelines.outreach.operations import erased_people
from pipelines.outreach.operations.database import NAMED, alone
from pipelines.outreach.operations.service_tables import ANSWERS
from pipelines.servers import databases

KINDS = ("score", "event", "customer")
COLUMNS = tuple(column.name for column in ANSWERS.columns if column.name != "number")


def keep(engine: sa.Engine, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep answers, all of them or none, in their order; those about erased people are left out.

    A row has spec, customer_id (None: of a row without one), version, answered_at, digest (SHA-256 of the input),
    score or None, advice (JSON) or None, event (the number that it answers) or None, and a kind of KINDS.
    """
    if not rows:
        return
    with databases.answering(engine, NAMED), engine.begin() as connection:
        alone(connection)
        gone = erased_people.within(connection).among(
            row["customer_id"] for row in rows if row["customer_id"] is not None
        )
        start = connection.execute(sa.select(sa.func.max(ANSWERS.c.number))).scalar() or 0
        kept = [{name: row[name] for name in COLUMNS} for row in rows if row["customer_id"] not in gone]
        if kept:
            connection.execute(
                sa.insert(ANSWERS), [{**row, "number": start + place} for place, row in enumerate(kept, start=1)]
            )


def latest(engine: sa.Engine, spec: str, *, version: str | None = None) -> pd.DataFrame:
    """The newest answer about each customer (COLUMNS), by customer; of one version, where that is said."""
    one = ANSWERS.c
    wanted = [one.spec == spec, one.customer_id.is_not(None)]
    wanted += [] if version is None else [one.version == version]
    last = sa.select(sa.func.max(one.number)).where(*wanted).group_by(one.customer_id)
    return _frame(engine, _asked().where(one.number.in_(last)).order_by(one.customer_id))


def of_customer(engine: sa.Engine, spec: str, customer_id: str) -> list[dict[str, Any]]:
    """The answers about a customer (COLUMNS), earliest first."""
    one = ANSWERS.c
    asked = _asked().where(one.spec == spec, one.customer_id == customer_id).order_by(one.number)
    with databases.answering(engine, NAMED), engine.connect() as connection:
        return [dict(row) for row in connection.execute(asked).mappings()]


def scored(engine: sa.Engine, spec: str, *, version: str, after: str, until: str) -> pd.DataFrame:
    """What a version said of ready rows later than a time and until another, as answered_at has them.

    A row for each input, in no order: its score, and the number of answers to it.
    """
    one = ANSWERS.c
    wanted = (one.spec == spec, one.version == version, one.answered_at > after, one.answered_at <= until)
    counted = sa.select(sa.func.max(one.score), sa.func.count()).where(*wanted, one.kind == "score")
    asked = counted.where(one.score.is_not(None)).group_by(one.digest)
    with databases.answering(engine, NAMED), engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(asked)]
    return pd.DataFrame(rows, columns=["score", "answers"])


def scores_after(
    engine: sa.Engine, spec: str, *, version: str, number: int, event: int
) -> list[tuple[int, str, float | None]]:
    """What a version has said of customers after events, since an answer of this number: number, customer, score.

    They come in order; those after events up to that number are left out, as of events that a batch has. The score is
    None of somebody who was no customer any more.
    """
    one = ANSWERS.c
    asked = sa.select(one.number, one.customer_id, one.score).where(
        one.spec == spec, one.version == version, one.number > number, one.customer_id.is_not(None), one.kind == "event"
    )
    asked = asked.where(one.event > event)
    with databases.answering(engine, NAMED), engine.connect() as connection:
        rows = connection.execute(asked.order_by(one.number)).all()
    return [(int(row[0]), str(row[1]), None if row[2] is None else float(row[2])) for row in rows]


def _asked() -> "sa.Select[Any]":
    return sa.select(*(ANSWERS.c[name] for name in COLUMNS))


def _frame(engine: sa.Engine, asked: "sa.Select[Any]") -> pd.DataFrame:
    with databases.answering(engine, NAMED), engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(asked)]
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)
