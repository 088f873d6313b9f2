"""What came back of rounds as it is kept: contacts with their notes, opt-outs, and recorded outcomes.

Every row is kept, once: its key is a hash of what it says. Of the rows of one contact, or of one customer's outcome,
the latest holds.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import sqlalchemy as sa

from features.errors import UsageError
from pipelines.outreach.operations import erased_people, opt_outs
from pipelines.outreach.operations.database import NAMED, alone
from pipelines.outreach.operations.tables import CONTACTS, NOTES, OPT_OUTS, OUTCOMES
from pipelines.raw_data.erased import Erased
from pipelines.servers import databases

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Rows:
    """Rows to be kept, of each table. A contact has `note` beside the columns of its table, any may lack known_at."""

    contacts: Sequence[Row] = ()
    opt_outs: Sequence[Row] = ()
    outcomes: Sequence[Row] = ()


@dataclass(frozen=True)
class Kept:
    """How many rows were new, were there before or came twice, and, of the new, correct an earlier one.

    strangers are customers with opt-outs whom neither the data nor a round knows; left_out are rows that a filter of
    the spec left out; erased counts the rows of people who were erased: they are not kept.
    """

    new: int
    known: int
    corrections: int
    strangers: int = 0
    left_out: int = 0
    erased: int = 0


def keep(engine: sa.Engine, spec: str, rows: Rows, *, at: str, is_said: bool, dry_run: bool = False) -> Kept:
    """Keep rows, all of them or none; a row that is there already changes nothing. With dry_run nothing is written.

    at is the time of recording, by the company's clocks, of rows that say none. Clocks that were set back make it no
    earlier than the last recording; a time that somebody said (is_said) and that is earlier raises UsageError.
    """
    with databases.answering(engine, NAMED), engine.begin() as connection:
        alone(connection)
        last = max(
            (connection.execute(_last(table, spec)).scalar() or "" for table in (CONTACTS, OUTCOMES)), default=""
        )
        if is_said and at < last:
            raise UsageError(f"--at {at} is before {last}, when something was last recorded for '{spec}'.")
        at = max(at, last)
        before = {table: _keys(connection, table, spec) for table in (CONTACTS, OPT_OUTS, OUTCOMES)}
        timed = opt_outs.timed(connection, rows.opt_outs, at=at)
        erased = erased_people.within(connection)
        wanted = {
            table: _without(some, erased)
            for table, some in ((CONTACTS, rows.contacts), (OPT_OUTS, timed), (OUTCOMES, rows.outcomes))
        }
        new = {table: _new(some, before[table], spec=spec, at=at) for table, some in wanted.items()}
        corrections = sum(_corrections(connection, table, new[table], spec) for table in (CONTACTS, OUTCOMES))
        if not dry_run:
            _write(connection, new)
    counted, told = sum(map(len, new.values())), len(rows.contacts) + len(rows.opt_outs) + len(rows.outcomes)
    return Kept(counted, told - counted, corrections)


def _without(rows: Sequence[Row], erased: Erased) -> Sequence[Row]:
    """Rows of nobody who was erased, be it since the file was read."""
    gone = erased.among(row["customer_id"] for row in rows)
    return [row for row in rows if row["customer_id"] not in gone]


def contacts(engine: sa.Engine, spec: str, *, known_by: str | None = None) -> pd.DataFrame:
    """The contacts of a spec, each by its latest row, in the order of time; a `contact` is once in it.

    known_by is a moment of the company's clocks, as it is kept: what became known later is no part of it.
    """
    found = _latest(engine, CONTACTS, spec, ["contact"], known_by)
    return found.sort_values(["happened_at", "place"]).reset_index(drop=True)


def contacts_of(engine: sa.Engine, spec: str, customer: str) -> pd.DataFrame:
    """The contacts of one customer, as `contacts` has them."""
    found = _latest(engine, CONTACTS, spec, ["contact"], None, customer=customer)
    return found.sort_values(["happened_at", "place"]).reset_index(drop=True)


def contacts_of_others(engine: sa.Engine, spec: str, *, known_by: str | None = None) -> pd.DataFrame:
    """The contacts of all specs but one, as `contacts` has them."""
    asked = sa.select(CONTACTS.c.spec).where(CONTACTS.c.spec != spec).distinct()
    with databases.answering(engine, NAMED), engine.connect() as connection:
        others = sorted(connection.execute(asked).scalars())
    found = [contacts(engine, other, known_by=known_by) for other in others]
    return pd.concat(found, ignore_index=True) if found else contacts(engine, spec).iloc[:0]


def outcomes(engine: sa.Engine, spec: str, *, known_by: str | None = None) -> pd.DataFrame:
    """The recorded outcomes of a spec (round, customer_id, churned, happened_at), each by its latest row.

    known_by is as for `contacts`.
    """
    return _latest(engine, OUTCOMES, spec, ["round", "customer_id"], known_by)


def digest(row: Row, *left_out: str) -> str:
    """SHA-256 of what a row says."""
    said = {name: one for name, one in row.items() if name not in left_out}
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False, allow_nan=False).encode()).hexdigest()


def _latest(
    engine: sa.Engine,
    table: sa.Table,
    spec: str,
    names: list[str],
    known_by: str | None,
    *,
    customer: str | None = None,
) -> pd.DataFrame:
    asked = sa.select(table).where(table.c.spec == spec).order_by(table.c.known_at, table.c.place)
    asked = asked if known_by is None else asked.where(table.c.known_at <= known_by)
    asked = asked if customer is None else asked.where(table.c.customer_id == customer)
    with databases.answering(engine, NAMED), engine.connect() as connection:
        rows = [dict(row) for row in connection.execute(asked).mappings()]
    frame = pd.DataFrame(rows, columns=[column.name for column in table.columns], dtype=object)
    return frame.drop_duplicates(names, keep="last").reset_index(drop=True)


def _last(table: sa.Table, spec: str) -> "sa.Select[Any]":
    return sa.select(sa.func.max(table.c.known_at)).where(table.c.spec == spec)


def _keys(connection: sa.Connection, table: sa.Table, spec: str) -> set[str]:
    # An opt-out is of all specs.
    asked = sa.select(table.c.key) if table is OPT_OUTS else sa.select(table.c.key).where(table.c.spec == spec)
    return set(connection.execute(asked).scalars())


def _new(rows: Sequence[Row], there: set[str], *, spec: str, at: str) -> list[dict[str, Any]]:
    """The rows that are not there yet, each once, with their keys and places."""
    start, seen = len(there), set(there)
    found: list[dict[str, Any]] = []
    for row in rows:
        # Who recorded it is no part of what it says where the file does not name them.
        key = digest(row, "signed")
        if key not in seen:
            seen.add(key)
            said = {name: one for name, one in row.items() if name != "signed"}
            by = row["by"] or row.get("signed", "")
            found.append(
                {**said, "by": by, "spec": spec, "key": key, "place": start + len(found)}
                | {"known_at": row["known_at"] or at}
            )
    return found


def _corrections(connection: sa.Connection, table: sa.Table, new: Sequence[Row], spec: str) -> int:
    names = ("contact",) if table is CONTACTS else ("round", "customer_id")
    there = set(
        map(tuple, connection.execute(sa.select(*(table.c[name] for name in names)).where(table.c.spec == spec)))
    )
    corrected = 0
    for row in new:
        told = tuple(row[name] for name in names)
        corrected += told in there
        there.add(told)
    return corrected


def _write(connection: sa.Connection, new: Mapping[sa.Table, Sequence[Row]]) -> None:
    for table, rows in new.items():
        if rows:
            names = [column.name for column in table.columns]
            connection.execute(sa.insert(table), [{name: row[name] for name in names} for row in rows])
    notes = [{name: row[name] for name in ("spec", "key", "note")} for row in new[CONTACTS] if row["note"]]
    if notes:
        connection.execute(sa.insert(NOTES), notes)
