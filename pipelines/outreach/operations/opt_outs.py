"""Opt-outs that hold now: of customers in every spec, at once, whatever the date of a list."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from experiments.sections.policy import EVERY_ACTION
from pipelines.outreach.operations import clock
from pipelines.outreach.operations.database import NAMED
from pipelines.outreach.operations.tables import OPT_OUTS
from pipelines.servers import databases

# By action, and under EVERY_ACTION of all of them.
OptedOut = Mapping[str, frozenset[str]]
NO_OPT_OUTS: OptedOut = MappingProxyType({})


def now(engine: sa.Engine, customers: Collection[str] | None = None) -> OptedOut:
    """Who is opted out of each action, and under `all` of every one; of these customers, where some are named."""
    with databases.answering(engine, NAMED), engine.connect() as connection:
        return in_force(connection, customers=customers)


def then(engine: sa.Engine, at: str) -> OptedOut:
    """Who was opted out by what was known at a moment of the company's clocks, as a text."""
    with databases.answering(engine, NAMED), engine.connect() as connection:
        return in_force(connection, known_by=at)


def in_force(
    connection: sa.Connection, *, known_by: str | None = None, customers: Collection[str] | None = None
) -> OptedOut:
    """The same, within a transaction; known_by is None for all that is known.

    What happened last holds; of what may have happened at one time, the opt-out: one of a day without a time counts as
    late in that day as it can have been, until it was recorded. Who wants contacts again of all actions is
    opted out of none; who wants one action again, and is opted out of all, stays so.
    """
    names = ("customer_id", "action", "opted_out", "happened_at", "known_at")
    asked = sa.select(*(OPT_OUTS.c[name] for name in names), OPT_OUTS.c.place)
    asked = asked if known_by is None else asked.where(OPT_OUTS.c.known_at <= known_by)
    asked = asked if customers is None else asked.where(OPT_OUTS.c.customer_id.in_(customers))
    rows = connection.execute(asked).all()
    found: dict[str, set[str]] = {}
    in_order = sorted(rows, key=lambda row: (_counts_from(*row[2:5]), row.opted_out, row.place))
    for customer, action, out, *_ in in_order:
        if out:
            found.setdefault(action, set()).add(customer)
        else:
            for one in found if action == EVERY_ACTION else [action]:
                found.get(one, set()).discard(customer)
    return {action: frozenset(customers) for action, customers in found.items() if customers}


def _counts_from(opted_out: bool, happened_at: str, known_at: str) -> str:
    if not opted_out:
        return happened_at
    return max(happened_at, min(clock.end_of(happened_at), clock.end_of(known_at)))


def of_action(found: OptedOut, action: str) -> frozenset[str]:
    """Who must not get an action."""
    return found.get(EVERY_ACTION, frozenset()) | found.get(action, frozenset())


def barred(found: OptedOut, row: Mapping[str, Any]) -> bool:
    """Whether a row of a round gives, or proposes, what its customer opted out of."""
    actions = {row["action"], row["proposed"]}
    return any(row["customer_id"] in of_action(found, one) for one in actions if one != "none")


def timed(connection: sa.Connection, rows: Sequence[Mapping[str, Any]], *, at: str) -> list[dict[str, Any]]:
    """Rows that say no time hold from at; what they say already holds is left out."""
    there, found = in_force(connection), []
    for row in rows:
        holds = there if row["action"] == EVERY_ACTION and not row["opted_out"] else [row["action"]]
        is_out = any(row["customer_id"] in there.get(action, frozenset()) for action in holds)
        if row["happened_at"] or is_out != row["opted_out"]:
            found.append({**row, "happened_at": row["happened_at"] or at})
    return found
