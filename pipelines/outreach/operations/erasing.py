"""Erasing a person from the operations database: a pseudonym takes the place of the id, texts go, figures stay.

What the service received and answered goes altogether.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from features.errors import DataError
from pipelines.outreach.operations import assignment_rows, erased_people
from pipelines.outreach.operations.database import NAMED, alone
from pipelines.outreach.operations.migrations import append_only
from pipelines.outreach.operations.service_tables import ANSWERS, EVENTS
from pipelines.outreach.operations.tables import (
    ASSIGNMENTS,
    CONTACTS,
    DELIVERIES,
    EPISODES,
    ERASURES,
    NOTES,
    OPT_OUTS,
    OUTCOMES,
    ROUNDS,
    SHADOW_SCORES,
    WARNING_EVENTS,
    WARNINGS,
)
from pipelines.servers import databases

DATABASE, FILES = "database", "files"
# Every table with the customer's id, and what is written over its texts.
TEXTS: Mapping[sa.Table, Mapping[str, Any]] = {
    ASSIGNMENTS: {"reasons": "[]", "why_action": None},
    WARNINGS: {},
    WARNING_EVENTS: {"note": ""},
    DELIVERIES: {"reason": None},
    CONTACTS: {},
    OPT_OUTS: {},
    OUTCOMES: {},
    SHADOW_SCORES: {"said": "{}", "known": None},
}
# Tables with the customer's id whose rows are deleted.
DELETED = (EPISODES, EVENTS, ANSWERS)
# Their keys are hashes of what a row says, the id among it: whoever guessed the row could tell by them.
HASHED = (CONTACTS, OPT_OUTS, OUTCOMES)


@dataclass(frozen=True)
class Signed:
    """An erasure: its pseudonym, the spec that it was asked for, when and by whom."""

    pseudonym: str
    spec: str
    at: str
    by: str


def counted(engine: sa.Engine, customer: str) -> dict[str, int]:
    """How many rows of each table name a customer, of all specs; tables without any are left out."""
    with databases.answering(engine, NAMED), engine.connect() as connection:
        return _counted(connection, customer)


def specs_with_rounds(engine: sa.Engine, customer: str) -> dict[str, frozenset[str]]:
    """The dates, as texts, of the rounds that a customer is in, by spec."""
    asked = sa.select(ASSIGNMENTS.c.spec, ASSIGNMENTS.c.as_of).where(ASSIGNMENTS.c.customer_id == customer)
    found: dict[str, set[str]] = {}
    with databases.answering(engine, NAMED), engine.connect() as connection:
        for spec, as_of in connection.execute(asked):
            found.setdefault(spec, set()).add(as_of)
    return {spec: frozenset(dates) for spec, dates in found.items()}


def done(engine: sa.Engine, signed: Signed, part: str) -> dict[str, Any] | None:
    """What an erasure kept of a part of it; None where that part was not done."""
    with databases.answering(engine, NAMED), engine.connect() as connection:
        return _done(connection, signed, part)


def keep(engine: sa.Engine, signed: Signed, part: str, told: Mapping[str, Any]) -> None:
    """Keep what was done, unless it is kept already."""
    with databases.answering(engine, NAMED), engine.begin() as connection:
        alone(connection)
        if _done(connection, signed, part) is None:
            _keep(connection, signed, part, told)


def erase(
    engine: sa.Engine, customer: str, signed: Signed, settled: Mapping[str, Sequence[Mapping[str, Any]]]
) -> dict[str, Any]:
    """Erase a customer from all tables and specs, all of it or nothing; what was done, as plain data.

    settled are, by spec with dates, the outcomes of the customer's rounds that the data told until now (round, churned,
    happened_at). What an earlier call with the pseudonym did is given again. Raises DataError where a round is not
    what was written.
    """
    with databases.answering(engine, NAMED), engine.begin() as connection:
        _overwrite(connection)
        alone(connection)
        if (before := _done(connection, signed, DATABASE)) is not None:
            return before
        counts = _counted(connection, customer)
        touched = [table for table in (*TEXTS, *DELETED, NOTES) if counts.get(table.name)]
        told: dict[str, Any] = {"rows": counts, "rounds": {}, "digests": {}}
        # Not of the service's, which grow with every request: who writes would wait for as long as reading them takes.
        digested = [table for table in touched if table not in (EVENTS, ANSWERS)]
        digests = {table.name: {"before": _digest(connection, table)} for table in digested}
        changing = [ROUNDS, *TEXTS, EVENTS, ANSWERS]
        with append_only.lifted(connection, changing):
            told["rounds"] = _in_rounds(connection, customer, lambda: _rename(connection, customer, signed.pseudonym))
        told["settled"] = _settle(connection, signed.pseudonym, settled)
        for table in digested:
            digests[table.name]["after"] = _digest(connection, table)
        told["digests"] = digests
        erased_people.add(connection, customer)
        _keep(connection, signed, DATABASE, told)
    return told


def tidy(engine: sa.Engine) -> None:
    """Leave nothing of what was erased in the free pages and the log of an SQLite file; PostgreSQL clears its own."""
    if engine.dialect.name == "sqlite":
        with databases.answering(engine, NAMED), engine.connect() as connection:
            free = connection.execution_options(isolation_level="AUTOCOMMIT")
            free.exec_driver_sql("VACUUM")
            free.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def _overwrite(connection: sa.Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = ON")


def _counted(connection: sa.Connection, customer: str) -> dict[str, int]:
    found = {}
    for table in (*TEXTS, *DELETED):
        asked = sa.select(sa.func.count()).select_from(table).where(table.c.customer_id == customer)
        found[table.name] = int(connection.execute(asked).scalar_one())
    notes = sa.select(sa.func.count()).select_from(NOTES).where(_noted(customer))
    found[NOTES.name] = int(connection.execute(notes).scalar_one())
    return {name: count for name, count in found.items() if count}


def _noted(customer: str) -> "sa.ColumnElement[bool]":
    return sa.exists().where(
        (CONTACTS.c.spec == NOTES.c.spec) & (CONTACTS.c.key == NOTES.c.key) & (CONTACTS.c.customer_id == customer)
    )


def _in_rounds(connection: sa.Connection, customer: str, rename: Callable[[], None]) -> dict[str, Any]:
    """Rename, and give the rounds that have the customer the digest of what they now hold."""
    key = (ASSIGNMENTS.c.spec, ASSIGNMENTS.c.as_of)
    touched = sorted(map(tuple, connection.execute(sa.select(*key).where(ASSIGNMENTS.c.customer_id == customer))))
    told: dict[str, Any] = {}
    for spec, as_of in touched:
        head = connection.execute(sa.select(ROUNDS.c.digest).filter_by(spec=spec, as_of=as_of)).scalar()
        if head != _of_round(connection, spec, as_of):
            raise DataError(f"the round of '{spec}' at {as_of} is not what was written: it was changed.")
        told[f"{spec} {as_of}"] = {"before": head}
    rename()
    for spec, as_of in touched:
        after = _of_round(connection, spec, as_of)
        connection.execute(sa.update(ROUNDS).filter_by(spec=spec, as_of=as_of).values(digest=after))
        told[f"{spec} {as_of}"]["after"] = after
    return told


def _of_round(connection: sa.Connection, spec: str, as_of: str) -> str:
    asked = sa.select(*(ASSIGNMENTS.c[name] for name in assignment_rows.COLUMNS)).filter_by(spec=spec, as_of=as_of)
    return assignment_rows.digest(
        [dict(row) for row in connection.execute(asked.order_by(ASSIGNMENTS.c.place)).mappings()]
    )


def _rename(connection: sa.Connection, customer: str, pseudonym: str) -> None:
    connection.execute(sa.delete(NOTES).where(_noted(customer)))
    for gone in DELETED:
        connection.execute(sa.delete(gone).where(gone.c.customer_id == customer))
    asked = sa.select(CONTACTS.c.contact).where(CONTACTS.c.customer_id == customer).distinct()
    for number, contact in enumerate(connection.execute(asked.order_by(CONTACTS.c.contact)).scalars().all()):
        same = (CONTACTS.c.customer_id == customer) & (CONTACTS.c.contact == contact)
        connection.execute(sa.update(CONTACTS).where(same).values(contact=f"{pseudonym} {number}"))
    for table in HASHED:
        for key in connection.execute(sa.select(table.c.key).where(table.c.customer_id == customer)).scalars().all():
            same = (table.c.customer_id == customer) & (table.c.key == key)
            connection.execute(sa.update(table).where(same).values(key=secrets.token_hex(32)))
    for table, texts in TEXTS.items():
        change = sa.update(table).where(table.c.customer_id == customer)
        connection.execute(change.values(customer_id=pseudonym, **texts))


def _settle(
    connection: sa.Connection, pseudonym: str, settled: Mapping[str, Sequence[Mapping[str, Any]]]
) -> dict[str, int]:
    for spec, rows in settled.items():
        count = sa.select(sa.func.count()).select_from(OUTCOMES).where(OUTCOMES.c.spec == spec)
        start = int(connection.execute(count).scalar_one())
        kept = [
            {
                **{name: row[name] for name in ("round", "churned", "happened_at", "known_at")},
                "spec": spec,
                "customer_id": pseudonym,
                "by": "holdfast",
                "place": start + number,
                "key": secrets.token_hex(32),
            }
            for number, row in enumerate(rows)
        ]
        if kept:
            connection.execute(sa.insert(OUTCOMES), kept)
    return {spec: len(rows) for spec, rows in settled.items() if rows}


def _digest(connection: sa.Connection, table: sa.Table) -> str:
    """SHA-256 of all rows of a table, in the order of its key."""
    found = hashlib.sha256()
    for row in connection.execute(sa.select(table).order_by(*table.primary_key)):
        found.update(json.dumps(list(row), ensure_ascii=False).encode())
    return found.hexdigest()


def _done(connection: sa.Connection, signed: Signed, part: str) -> dict[str, Any] | None:
    same = {"pseudonym": signed.pseudonym, "spec": signed.spec, "part": part}
    told = connection.execute(sa.select(ERASURES.c.told).filter_by(**same)).scalar()
    return None if told is None else dict(json.loads(told))


def _keep(connection: sa.Connection, signed: Signed, part: str, told: Mapping[str, Any]) -> None:
    row = {"pseudonym": signed.pseudonym, "spec": signed.spec, "part": part, "at": signed.at, "by": signed.by}
    connection.execute(sa.insert(ERASURES), {**row, "told": json.dumps(told, sort_keys=True, ensure_ascii=False)})
