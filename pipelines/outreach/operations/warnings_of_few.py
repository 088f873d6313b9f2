"""Warnings of few customers at any moment, between the runs over everybody: one process at a time, once an episode."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
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

    warning makes the warning of one of them, by place, of whom it is said since when (hours since 1970) it is true.
    """

    rule: Rule
    truth: Truth
    warning: Callable[[int, float], Warning_]


@dataclass
class _Changes:
    """What a moment changes: new warnings, events of those that are over, and where whom stands with which rule."""

    made: list[Warning_] = field(default_factory=list)
    over: list[dict[str, str]] = field(default_factory=list)
    moved: list[tuple[str, str]] = field(default_factory=list)
    stand: list[dict[str, Any]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.made or self.over or self.moved)


def raised(
    engine: sa.Engine, spec: str, customers: Sequence[str], asked: Mapping[str, Asked], *, at: str
) -> list[dict[str, Any]]:
    """Raise what the rules, by name, say of customers at a moment; gives all warnings of them, as `warnings.listed`.

    Where each customer stands is read and written in one transaction: processes that ask at once raise a warning once.
    A rule that was asked about a customer at a later moment already is not asked again. What is over has expired.
    """
    with databases.answering(engine, NAMED):
        with engine.connect() as connection:
            there = warnings.listed(connection, spec, customers)
            if not _changes(connection, spec, customers, asked, there, at, says=False):
                return there  # as of nearly everybody
        with engine.begin() as connection:
            alone(connection)
            there = warnings.listed(connection, spec, customers)
            gone = erased_people.within(connection).among(customers)
            _write(connection, spec, _changes(connection, spec, customers, asked, there, at), gone)
            return warnings.listed(connection, spec, customers)


def _changes(
    connection: sa.Connection,
    spec: str,
    customers: Sequence[str],
    asked: Mapping[str, Asked],
    there: Sequence[Mapping[str, Any]],
    at: str,
    *,
    says: bool = True,
) -> _Changes:
    """What a moment changes; unless it says which, no warnings are made: whoever is warned stands elsewhere, too."""
    wanted = (EPISODES.c.spec == spec) & EPISODES.c.rule.in_(list(asked)) & EPISODES.c.customer_id.in_(customers)
    rows = connection.execute(sa.select(EPISODES).where(wanted)).mappings().all()
    stands = {(str(row["rule"]), str(row["customer_id"])): row for row in rows}
    known = {tuple(row[name] for name in warnings.KEY) for row in there}
    found = _Changes()
    for name, one in asked.items():
        mine = [stands.get((name, who)) for who in customers]
        places = [place for place, row in enumerate(mine) if row is None or str(row["as_of"]) <= at]
        before, rule = _standing([mine[place] for place in places]), one.rule
        now, delay, quiet = warnings.hours(at, np.nan), rule.after_hours, rule.quiet_days * 24
        after, fires = before.after(now, one.truth[places], delay_hours=delay, quiet_hours=quiet)
        whom = [customers[place] for place in places]
        made = (one.warning(places[at], float(after.since[at])) for at in np.flatnonzero(fires) if says)
        found.made += [warning for warning in made if _key(warning) not in known]
        over = {who for who, since in zip(whom, after.since, strict=True) if np.isnan(since)}
        found.over += [
            warnings.event([str(row[part]) for part in warnings.KEY], warnings.EXPIRED, at=at, by="holdfast")
            for row in there
            if row["rule"] == name and row["customer_id"] in over and row["state"] not in warnings.CLOSED
        ]
        moved = np.flatnonzero(_differ(before, after))
        found.moved += [(name, whom[int(place)]) for place in moved]
        now_there = Episodes(after.since[moved], after.fired[moved], after.last[moved])
        found.stand += warnings.kept(spec, name, pd.Index([whom[int(place)] for place in moved]), now_there, at)
    return found


def _key(warning: Warning_) -> tuple[str, ...]:
    return tuple(str(getattr(warning, name)) for name in warnings.KEY)


def _differ(before: Episodes, after: Episodes) -> np.ndarray:
    same = (before.since == after.since) | (np.isnan(before.since) & np.isnan(after.since))
    found: np.ndarray = ~same | (before.fired != after.fired) | (before.last != after.last)
    return found


def _standing(rows: Sequence[sa.RowMapping | None]) -> Episodes:
    found = Episodes.none(len(rows))
    for place, row in enumerate(rows):
        if row is not None:
            found.since[place] = warnings.hours(row["began_at"], np.nan)
            found.fired[place] = row["fired"]
            found.last[place] = warnings.hours(row["last_fired_at"], NEVER)
    return found


def _write(connection: sa.Connection, spec: str, changes: _Changes, gone: frozenset[str] | set[str]) -> None:
    for rule, who in changes.moved:
        same = (EPISODES.c.spec == spec) & (EPISODES.c.rule == rule) & (EPISODES.c.customer_id == who)
        connection.execute(sa.delete(EPISODES).where(same))
    made = [
        {**asdict(one), "versions": json.dumps(dict(one.versions), sort_keys=True)}
        for one in changes.made
        if one.customer_id not in gone
    ]
    stand = [row for row in changes.stand if row["customer_id"] not in gone]
    for table, rows in ((WARNINGS, made), (EPISODES, stand), (WARNING_EVENTS, changes.over)):
        if rows:
            connection.execute(sa.insert(table), rows)
