"""Warnings of few customers at any moment, between the runs over everybody: one process at a time, once an episode."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from experiments.alerts.alert_file import Rule
from experiments.alerts.episodes import NEVER, Episodes
from experiments.logic.truth import Truth
from pipelines.outreach.operations import erased_people, warnings
from pipelines.outreach.operations.database import NAMED, alone
from pipelines.outreach.operations.tables import EPISODES, WARNING_EVENTS, WARNINGS
from pipelines.outreach.operations.warnings import Warning_
from pipelines.servers import databases


@dataclass(frozen=True)
class Asked:
    """What a rule says of some customers: the truth of its condition, shape (n_customers,).

    warning makes the warning of one of them, of whom it is said since when (hours since 1970) the episode lasts.
    """

    rule: Rule
    truth: Truth
    warning: Callable[[int, float], Warning_]


def raised(
    engine: sa.Engine, spec: str, customers: Sequence[str], asked: Mapping[str, Asked], *, at: str
) -> list[Warning_]:
    """Raise what the rules, by name, say of customers at a moment; gives the warnings that are new.

    Where each customer stands is read and written in one transaction: processes that ask at once raise a warning once.
    A rule that was asked about a customer at a later moment already is not asked again. What is over has expired.
    """
    found: list[Warning_] = []
    with databases.answering(engine, NAMED), engine.begin() as connection:
        alone(connection)
        gone = erased_people.within(connection).among(customers)
        for name, one in asked.items():
            found += _of_rule(connection, spec, name, one, [None if who in gone else who for who in customers], at)
    return found


def _of_rule(
    connection: sa.Connection, spec: str, name: str, asked: Asked, customers: Sequence[str | None], at: str
) -> list[Warning_]:
    of_rule = (EPISODES.c.spec == spec) & (EPISODES.c.rule == name) & EPISODES.c.customer_id.in_(_some(customers))
    rows = {row["customer_id"]: row for row in connection.execute(sa.select(EPISODES).where(of_rule)).mappings()}
    places = [place for place, who in enumerate(customers) if who and not _is_later(rows.get(who), at)]
    if not places:
        return []
    before = _standing([rows.get(customers[place]) for place in places])
    rule, now = asked.rule, warnings.hours(at, np.nan)
    after, fires = before.after(
        now, asked.truth[places], delay_hours=rule.after_hours, quiet_hours=rule.quiet_days * 24
    )
    whom = [str(customers[place]) for place in places]
    made = [asked.warning(places[at], float(after.since[at])) for at in np.flatnonzero(fires)]
    _end(connection, spec, name, [who for who, since in zip(whom, after.since, strict=True) if np.isnan(since)], at)
    _stand(connection, spec, name, whom, before, after, at)
    new = [one for one in made if not _is_there(connection, one)]
    if new:
        plain = [{**asdict(one), "versions": json.dumps(dict(one.versions), sort_keys=True)} for one in new]
        connection.execute(sa.insert(WARNINGS), plain)
    return new


def _stand(
    connection: sa.Connection,
    spec: str,
    rule: str,
    customers: Sequence[str],
    before: Episodes,
    after: Episodes,
    at: str,
) -> None:
    """Write where those stand with a rule for whom that is another place than before."""
    moved = np.flatnonzero(
        ~((before.since == after.since) | (np.isnan(before.since) & np.isnan(after.since)))
        | (before.fired != after.fired)
        | (before.last != after.last)
    )
    if not len(moved):
        return
    whom = [customers[int(place)] for place in moved]
    theirs = EPISODES.c.customer_id.in_(whom)
    connection.execute(sa.delete(EPISODES).where((EPISODES.c.spec == spec) & (EPISODES.c.rule == rule) & theirs))
    now = Episodes(after.since[moved], after.fired[moved], after.last[moved])
    if kept := warnings.kept(spec, rule, pd.Index(whom), now, at):
        connection.execute(sa.insert(EPISODES), kept)


def _some(customers: Sequence[str | None]) -> list[str]:
    return [who for who in customers if who]


def _is_later(row: sa.RowMapping | None, at: str) -> bool:
    return row is not None and str(row["as_of"]) > at


def _standing(rows: Sequence[sa.RowMapping | None]) -> Episodes:
    found = Episodes.none(len(rows))
    for place, row in enumerate(rows):
        if row is not None:
            found.since[place] = warnings.hours(row["began_at"], np.nan)
            found.fired[place] = row["fired"]
            found.last[place] = warnings.hours(row["last_fired_at"], NEVER)
    return found


def _end(connection: sa.Connection, spec: str, rule: str, customers: Sequence[str], at: str) -> None:
    """Note of open warnings whose episode is over that they have expired."""
    mine = (WARNINGS.c.spec == spec) & (WARNINGS.c.rule == rule) & WARNINGS.c.customer_id.in_(customers)
    closed = sa.exists().where(
        *(WARNING_EVENTS.c[name] == WARNINGS.c[name] for name in warnings.KEY),
        WARNING_EVENTS.c.kind.in_(warnings.CLOSED),
    )
    over = connection.execute(sa.select(*(WARNINGS.c[name] for name in warnings.KEY)).where(mine & ~closed)).all()
    events = [warnings.event(list(map(str, key)), warnings.EXPIRED, at=at, by="holdfast") for key in over]
    if events:
        connection.execute(sa.insert(WARNING_EVENTS), events)


def _is_there(connection: sa.Connection, one: Warning_) -> bool:
    same = [WARNINGS.c[name] == getattr(one, name) for name in warnings.KEY]
    found: Any = connection.execute(sa.select(WARNINGS.c.rule).where(*same)).first()
    return found is not None
