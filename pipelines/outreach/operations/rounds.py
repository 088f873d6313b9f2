"""Rounds as they are kept: written once for a spec and date, before any file of theirs is shown."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd
import sqlalchemy as sa

from features.errors import DataError
from pipelines.outreach.operations import assignment_rows, erased_people, opt_outs
from pipelines.outreach.operations.assignment_rows import NONE
from pipelines.outreach.operations.database import NAMED, alone
from pipelines.outreach.operations.tables import ASSIGNMENTS, ROUNDS
from pipelines.servers import databases


@dataclass(frozen=True)
class Round:
    """What a round was drawn with.

    as_of is the date of the list; control and explore are shares; window_closes_at is the first date at which the
    outcomes of all its customers are known; versions by what they are of: model, playbook, alerts, texts.
    """

    spec: str
    as_of: date
    written_at: str
    by: str
    seed: str
    control: float
    explore: float
    window_closes_at: date
    versions: Mapping[str, str | None]


@dataclass(frozen=True)
class Drawn:
    """What a round drew for a customer: the action, or `none`, and why; dates are texts."""

    spec: str
    as_of: str
    customer_id: str
    action: str
    withheld: bool
    because: str
    window_closes_at: str


def written(
    engine: sa.Engine, round_: Round, assignments: pd.DataFrame, *, rest_days: int
) -> tuple[Round, pd.DataFrame] | None:
    """The round of a spec and date: this one, or where there is one already, that; all of it or nothing is written.

    None, and nothing is written, where it would draw somebody whom another round withholds, or contacts within
    rest_days, or who opted out, since this one was drafted, or has somebody who was erased: draft it again.
    assignments has COLUMNS but for `place`, in the order of the list. Raises DataError when a customer occurs twice or
    probabilities do not sum to one.
    """
    rows = assignment_rows.checked(assignments)
    kept = {
        "spec": round_.spec,
        "as_of": round_.as_of.isoformat(),
        "written_at": round_.written_at,
        "by": round_.by,
        "seed": round_.seed,
        "control": round_.control,
        "explore": round_.explore,
        "window_closes_at": round_.window_closes_at.isoformat(),
        "versions": json.dumps(dict(round_.versions), sort_keys=True),
        "digest": assignment_rows.digest(rows),
    }
    key = {"spec": round_.spec, "as_of": round_.as_of.isoformat()}
    try:
        with databases.answering(engine, NAMED), engine.begin() as connection:
            alone(connection)
            there = connection.execute(sa.select(ROUNDS.c.spec).filter_by(**key)).first()
            bound = _held_back(connection, key["as_of"]) | _contacted(connection, round_.as_of, rest_days)
            out = opt_outs.in_force(connection)
            gone = erased_people.within(connection).among(row["customer_id"] for row in rows)
            if there is None and (
                gone or bound & assignment_rows.drawn(rows) or any(opt_outs.barred(out, row) for row in rows)
            ):
                return None
            connection.execute(sa.insert(ROUNDS), kept)
            if rows:
                connection.execute(sa.insert(ASSIGNMENTS), [{**key, **row} for row in rows])
    except sa.exc.IntegrityError as error:
        earlier = found(engine, round_.spec, round_.as_of)
        if earlier is None:
            raise DataError(
                f"the round of '{round_.spec}' could not be written: {databases.first_line(error)}."
            ) from error
        return earlier
    return round_, assignment_rows.frame(rows)


def found(engine: sa.Engine, spec: str, as_of: date) -> tuple[Round, pd.DataFrame] | None:
    """The round of a spec and date with its assignments in order; None where none was drawn.

    Raises DataError when its assignments are not those that were written.
    """
    key = (ROUNDS.c.spec == spec) & (ROUNDS.c.as_of == as_of.isoformat())
    same = (ASSIGNMENTS.c.spec == spec) & (ASSIGNMENTS.c.as_of == as_of.isoformat())
    with databases.answering(engine, NAMED), engine.connect() as connection:
        head = connection.execute(sa.select(ROUNDS).where(key)).mappings().one_or_none()
        asked = (
            sa.select(*(ASSIGNMENTS.c[name] for name in assignment_rows.COLUMNS))
            .where(same)
            .order_by(ASSIGNMENTS.c.place)
        )
        rows = [dict(row) for row in connection.execute(asked).mappings()]
    if head is None:
        return None
    if assignment_rows.digest(rows) != head["digest"]:
        raise DataError(f"the round of '{spec}' at {as_of} is not what was written: it was changed.")
    return _read(head), assignment_rows.frame(rows)


def all_of(engine: sa.Engine, spec: str) -> tuple[Round, ...]:
    """Every round of a spec, oldest first."""
    asked = sa.select(ROUNDS).where(ROUNDS.c.spec == spec).order_by(ROUNDS.c.as_of)
    with databases.answering(engine, NAMED), engine.connect() as connection:
        return tuple(_read(row) for row in connection.execute(asked).mappings())


def members(engine: sa.Engine, spec: str) -> pd.DataFrame:
    """Who is on the list of each round of a spec: as_of (a text), customer_id, and the action proposed."""
    names = ["as_of", "customer_id", "proposed"]
    asked = sa.select(*(ASSIGNMENTS.c[name] for name in names)).where(ASSIGNMENTS.c.spec == spec)
    with databases.answering(engine, NAMED), engine.connect() as connection:
        return pd.DataFrame(connection.execute(asked).all(), columns=names, dtype=object)


def of_customers(engine: sa.Engine, customers: Collection[str], on: date) -> list[Drawn]:
    """What the rounds that are open on a date drew for these customers, in every spec, the newest list first."""
    names = ["spec", "as_of", "customer_id", "action", "withheld", "because"]
    asked = sa.select(*(ASSIGNMENTS.c[name] for name in names), ROUNDS.c.window_closes_at)
    asked = asked.select_from(ASSIGNMENTS.join(ROUNDS)).where(
        ASSIGNMENTS.c.customer_id.in_(customers) & (ROUNDS.c.window_closes_at > on.isoformat())
    )
    with databases.answering(engine, NAMED), engine.connect() as connection:
        rows = connection.execute(asked.order_by(ASSIGNMENTS.c.as_of.desc(), ASSIGNMENTS.c.spec)).mappings()
        return [Drawn(**row) for row in rows]


def risks_before(engine: sa.Engine, spec: str, customers: Collection[str], on: date) -> dict[str, float]:
    """The risk of each of these customers in the spec's last round before a date, of those who were on its list."""
    mine = ROUNDS.c.spec == spec
    last = sa.select(sa.func.max(ROUNDS.c.as_of)).where(mine & (ROUNDS.c.as_of < on.isoformat())).scalar_subquery()
    whom = (ASSIGNMENTS.c.spec == spec) & (ASSIGNMENTS.c.as_of == last) & ASSIGNMENTS.c.customer_id.in_(customers)
    with databases.answering(engine, NAMED), engine.connect() as connection:
        rows = connection.execute(sa.select(ASSIGNMENTS.c.customer_id, ASSIGNMENTS.c.risk).where(whom)).all()
    return {str(row[0]): float(row[1]) for row in rows}


def contacts_of_all(engine: sa.Engine) -> pd.DataFrame:
    """Whom each round of any spec contacts: spec, as_of (a text), customer_id, and when the round was written."""
    names = ["spec", "as_of", "customer_id"]
    both = ASSIGNMENTS.join(ROUNDS)
    asked = sa.select(*(ASSIGNMENTS.c[name] for name in names), ROUNDS.c.written_at).select_from(both)
    with databases.answering(engine, NAMED), engine.connect() as connection:
        rows = connection.execute(asked.where(ASSIGNMENTS.c.action != NONE)).all()
    return pd.DataFrame(rows, columns=[*names, "written_at"], dtype=object)


def held_back(engine: sa.Engine, on: date) -> frozenset[str]:
    """The customers whom a round of any spec withholds until after this date, whatever the date of its list."""
    with databases.answering(engine, NAMED), engine.connect() as connection:
        return _held_back(connection, on.isoformat())


def controls(engine: sa.Engine, on: str) -> dict[str, str]:
    """The customers whom a round of any spec withholds on a date, with the date at which the last of these closes."""
    with databases.answering(engine, NAMED), engine.connect() as connection:
        asked = _withheld(on).add_columns(ROUNDS.c.window_closes_at).order_by(ROUNDS.c.window_closes_at)
        return {row.customer_id: row.window_closes_at for row in connection.execute(asked)}


def contacted(engine: sa.Engine, on: date, rest_days: int) -> frozenset[str]:
    """The customers whom a round of any spec contacts after the day that is rest_days before this date.

    Whether the contact was made is not asked: a round's list stays in the hands of those who work from it. A round for
    a later date counts as well.
    """
    with databases.answering(engine, NAMED), engine.connect() as connection:
        return _contacted(connection, on, rest_days)


def _contacted(connection: sa.Connection, on: date, rest_days: int) -> frozenset[str]:
    if rest_days == 0:
        return frozenset()
    # The calendar has no days before its first.
    since = (on - min(timedelta(days=rest_days), on - date.min)).isoformat()
    asked = sa.select(ASSIGNMENTS.c.customer_id).where((ASSIGNMENTS.c.as_of > since) & (ASSIGNMENTS.c.action != NONE))
    return frozenset(connection.execute(asked.distinct()).scalars())


def _held_back(connection: sa.Connection, on: str) -> frozenset[str]:
    return frozenset(connection.execute(_withheld(on)).scalars())


def _withheld(on: str) -> "sa.Select[Any]":
    of_round = (ROUNDS.c.spec == ASSIGNMENTS.c.spec) & (ROUNDS.c.as_of == ASSIGNMENTS.c.as_of)
    lasts = ASSIGNMENTS.c.withheld & (ROUNDS.c.window_closes_at > on)
    return sa.select(ASSIGNMENTS.c.customer_id).join(ROUNDS, of_round).where(lasts)


def _read(head: sa.RowMapping) -> Round:
    return Round(
        spec=head["spec"],
        as_of=date.fromisoformat(head["as_of"]),
        written_at=head["written_at"],
        by=head["by"],
        seed=head["seed"],
        control=head["control"],
        explore=head["explore"],
        window_closes_at=date.fromisoformat(head["window_closes_at"]),
        versions=json.loads(head["versions"]),
    )
