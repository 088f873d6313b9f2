"""Scores of a version that shadows the champion, and of those it is compared with, as they were when they were made."""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from math import isnan
from typing import Any

import pandas as pd
import sqlalchemy as sa

from pipelines.outreach.operations import erased_people
from pipelines.outreach.operations.database import NAMED, alone
from pipelines.outreach.operations.tables import SHADOW_SCORES
from pipelines.servers import databases


@dataclass(frozen=True)
class Pair:
    """Two versions of a spec, of which one shadows the other, the champion."""

    spec: str
    shadow: str
    champion: str


def write(
    engine: sa.Engine,
    pair: Pair,
    moment: datetime,
    *,
    said: Mapping[str, pd.DataFrame],
    known: pd.DataFrame,
) -> bool:
    """Keep what versions say of the customers of known, by customer_id; all of it or nothing.

    moment is until when everything was known. said has by version the predictions, row by row of known. False, and
    nothing is written, where the day has scores already: the first are what was said then.
    """
    key = {**asdict(pair), "as_of": moment.date().isoformat()}
    ids = known["customer_id"].astype(str).tolist()
    beside = [_text(row) for row in known.drop(columns="customer_id").to_dict("records")]
    rows: list[dict[str, str | None]] = [
        {
            **key,
            "version": version,
            "customer_id": customer,
            "moment": moment.isoformat(),
            "said": _text(row),
            "known": kept if version == pair.shadow else None,
        }
        for version, scores in said.items()
        for customer, kept, row in zip(ids, beside, scores.to_dict("records"), strict=True)
    ]
    with databases.answering(engine, NAMED), engine.begin() as connection:
        alone(connection)
        if connection.execute(sa.select(SHADOW_SCORES.c.version).filter_by(**key).limit(1)).first():
            return False
        gone = erased_people.within(connection).among(ids)
        kept = [row for row in rows if row["customer_id"] not in gone]
        if kept:
            connection.execute(sa.insert(SHADOW_SCORES), kept)
        return bool(kept)


def days(engine: sa.Engine, pair: Pair) -> dict[str, datetime]:
    """The days on which both were scored, in order, each with the moment until when all was known."""
    one = SHADOW_SCORES.c
    asked = sa.select(one.as_of, one.moment).filter_by(**asdict(pair)).distinct().order_by(one.as_of)
    with databases.answering(engine, NAMED), engine.connect() as connection:
        return {as_of: datetime.fromisoformat(moment) for as_of, moment in connection.execute(asked)}


def read(engine: sa.Engine, pair: Pair, on: Collection[str]) -> pd.DataFrame:
    """What was kept of these days: as_of (the moment), version, customer_id, and said and known as they were."""
    one = SHADOW_SCORES.c
    asked = (
        sa.select(one.moment.label("as_of"), one.version, one.customer_id, one.said, one.known)
        .filter_by(**asdict(pair))
        .where(one.as_of.in_(list(on)))
        .order_by(one.as_of, one.version, one.customer_id)
    )
    with databases.answering(engine, NAMED), engine.connect() as connection:
        names = ["as_of", "version", "customer_id", "said", "known"]
        return pd.DataFrame(connection.execute(asked).all(), columns=names, dtype=object)


def digest(rows: pd.DataFrame) -> str:
    """A hash of what `read` gives, 16 hex digits."""
    return hashlib.sha256(rows.to_csv(index=False).encode()).hexdigest()[:16]


def _text(row: Mapping[Any, Any]) -> str:
    plain = {str(name): None if isinstance(one, float) and isnan(one) else one for name, one in row.items()}
    return json.dumps(plain, sort_keys=True, ensure_ascii=False, allow_nan=False)
