"""Warnings as they are kept: raised once for an episode, and what became of each."""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from experiments.alerts.episodes import NEVER, Episodes
from features.errors import UsageError
from pipelines.outreach.operations import clock, erased_people
from pipelines.outreach.operations.database import NAMED, alone
from pipelines.outreach.operations.tables import EPISODES, WARNING_EVENTS, WARNINGS
from pipelines.raw_data.erased import is_pseudonym
from pipelines.servers import databases

OPEN, ACKNOWLEDGED, DONE, ESCALATED, EXPIRED = "open", "acknowledged", "done", "escalated", "expired"
# Of what happened at one moment the later of two holds.
STATES = (OPEN, ACKNOWLEDGED, ESCALATED, EXPIRED, DONE)
# After these nothing follows.
CLOSED = (DONE, EXPIRED)
KEY = ("spec", "rule", "customer_id", "began_at")
# Whether a warning is closed, when what happened last did, which state that is, and the note beside it.
NOTHING = (False, "", 0, "")


# Customers, and where each of them stands, by rule.
Standing = Mapping[str, tuple[pd.Index, Episodes]]


@dataclass(frozen=True)
class Warning_:  # noqa: N801 - Python has a Warning of its own
    """A warning: which rule, whom about, since when, and who is to act by when.

    Times are ISO 8601, by the company's clocks.
    """

    spec: str
    rule: str
    customer_id: str
    began_at: str
    raised_at: str
    level: str
    owner: str
    channel: str
    due_at: str
    escalates_to: str | None
    versions: Mapping[str, str | None]


def episodes(engine: sa.Engine, spec: str, rule: str, customers: pd.Index) -> tuple[Episodes, str]:
    """Where each of these customers stands with a rule, and the date of the last run; "" where there was none."""
    asked = sa.select(EPISODES).where((EPISODES.c.spec == spec) & (EPISODES.c.rule == rule))
    with databases.answering(engine, NAMED), engine.connect() as connection:
        rows = connection.execute(asked).mappings().all()
    found, last_run = Episodes.none(len(customers)), ""
    for row, place in zip(rows, customers.get_indexer(pd.Index([row["customer_id"] for row in rows])), strict=True):
        last_run = max(last_run, row["as_of"])
        if place >= 0:
            found.since[place] = hours(row["began_at"], np.nan)
            found.fired[place] = row["fired"]
            found.last[place] = hours(row["last_fired_at"], NEVER)
    return found, last_run


def hours(text: str | None, otherwise: float) -> float:
    """A moment as it is kept, in hours since 1970; otherwise where there is none."""
    return otherwise if text is None else clock.hours(datetime.fromisoformat(text))


def raised(
    engine: sa.Engine,
    made: Sequence[Warning_],
    standing: Standing,
    *,
    spec: str,
    at: str,
) -> Counter[str]:
    """Write the warnings of a run and where all customers stand with each rule, or nothing; gives how many were new.

    They are counted by rule, and standing is by rule. A warning that was raised already is not raised again,
    nor one about somebody who was erased meanwhile.
    """
    rows = [{**asdict(one), "versions": json.dumps(dict(one.versions), sort_keys=True)} for one in made]
    with databases.answering(engine, NAMED), engine.begin() as connection:
        alone(connection)
        there = {
            tuple(row)
            for row in connection.execute(sa.select(*(WARNINGS.c[name] for name in KEY)).where(WARNINGS.c.spec == spec))
        }
        erased = erased_people.within(connection)
        gone = erased.among(str(row["customer_id"]) for row in rows)
        new = [row for row in rows if tuple(row[name] for name in KEY) not in there and row["customer_id"] not in gone]
        if new:
            connection.execute(sa.insert(WARNINGS), new)
        _ended(connection, spec, standing)
        for rule, (customers, found) in standing.items():
            of_rule = (EPISODES.c.spec == spec) & (EPISODES.c.rule == rule)
            before = [dict(row) for row in connection.execute(sa.select(EPISODES).where(of_rule)).mappings()]
            is_here = customers.get_indexer(pd.Index([row["customer_id"] for row in before])) >= 0
            absent = [row for row, here in zip(before, is_here, strict=True) if not here]
            connection.execute(sa.delete(EPISODES).where(of_rule))
            stand = [*absent, *kept(spec, rule, customers, found, at)]
            gone = erased.among(str(row["customer_id"]) for row in stand)
            if those := [row for row in stand if row["customer_id"] not in gone]:
                connection.execute(sa.insert(EPISODES), those)
    return Counter(str(row["rule"]) for row in new)


def _ended(connection: sa.Connection, spec: str, standing: Standing) -> None:
    """End the episodes of rules that are asked no longer, so that one that comes back may fire again."""
    gone = (EPISODES.c.spec == spec) & EPISODES.c.rule.not_in(list(standing))
    connection.execute(sa.update(EPISODES).where(gone).values(began_at=None, fired=False))


def end_episodes(engine: sa.Engine, spec: str, customers: Collection[str]) -> None:
    """End the episodes of customers who have left: whoever comes back may be warned of anew."""
    theirs = (EPISODES.c.spec == spec) & (EPISODES.c.customer_id == sa.bindparam("customer"))
    ended = sa.update(EPISODES).where(theirs).values(began_at=None, fired=False)
    if customers:
        with databases.answering(engine, NAMED), engine.begin() as connection:
            connection.execute(ended, [{"customer": one} for one in sorted(customers)])


def kept(spec: str, rule: str, customers: pd.Index, found: Episodes, at: str) -> list[dict[str, Any]]:
    """Where customers stand with a rule at a moment, as rows to keep, of those who ever had an episode."""
    some = np.flatnonzero(~np.isnan(found.since) | (found.last > NEVER))
    return [
        {
            "spec": spec,
            "rule": rule,
            "customer_id": str(customers[int(place)]),
            "as_of": at,
            "began_at": None if np.isnan(found.since[place]) else clock.text(clock.moment(float(found.since[place]))),
            "fired": bool(found.fired[place]),
            "last_fired_at": None if found.last[place] == NEVER else clock.text(clock.moment(float(found.last[place]))),
        }
        for place in some
    ]


def all_of(engine: sa.Engine, spec: str) -> pd.DataFrame:
    """Every warning of a spec with its `state` (open, acknowledged, done, escalated or expired), oldest first.

    Those about erased people are not among them: nobody is to act on them, and only figures count them. The state is
    what happened last, and `note` what was written beside it; once it is closed, nothing follows.
    """
    named = [column.name for column in WARNINGS.columns]
    with databases.answering(engine, NAMED), engine.connect() as connection:
        return pd.DataFrame(listed(connection, spec), columns=[*named, "state", "note"], dtype=object)


def listed(connection: sa.Connection, spec: str, customers: Collection[str] | None = None) -> list[dict[str, Any]]:
    """The same as rows, within a transaction; of these customers only, where some are named."""
    told = (*KEY, "kind", "happened_at", "note")
    events = sa.select(*(WARNING_EVENTS.c[name] for name in told)).where(WARNING_EVENTS.c.spec == spec)
    asked = (
        sa.select(WARNINGS)
        .where(WARNINGS.c.spec == spec)
        .order_by(*(WARNINGS.c[name] for name in ("raised_at", "rule", "customer_id")))
    )
    if customers is not None:
        events = events.where(WARNING_EVENTS.c.customer_id.in_(customers))
        asked = asked.where(WARNINGS.c.customer_id.in_(customers))
    every = (dict(row) for row in connection.execute(asked).mappings())
    rows = [row for row in every if not is_pseudonym(str(row["customer_id"]))]
    last: dict[tuple[str, ...], tuple[bool, str, int, str]] = {}
    for event in connection.execute(events) if rows else ():
        key, kind = tuple(event[: len(KEY)]), STATES.index(event.kind)
        last[key] = max(last.get(key, NOTHING), (event.kind in CLOSED, event.happened_at, kind, event.note))
    found = [last.get(tuple(str(row[name]) for name in KEY), NOTHING) for row in rows]
    return [{**row, "state": STATES[one[2]], "note": one[3]} for row, one in zip(rows, found, strict=True)]


def happened(
    engine: sa.Engine, key: Sequence[str], kind: str, *, at: str, by: str, note: str = "", known_at: str | None = None
) -> bool:
    """Write what became of a warning; False where it was written before.

    key is spec, rule, customer_id and began_at. known_at is now where somebody says when it happened; without it, at is
    now, and clocks that were set back make it no earlier than the warning. Raises UsageError where there is no such
    warning, it is closed, or it was raised after at.
    """
    there = all_of(engine, key[0])
    same = (there[list(KEY)] == list(key)).all(axis=1) if len(there) else pd.Series(dtype=bool)
    if not same.any():
        raise UsageError(f"'{key[0]}' has no warning of rule '{key[1]}' about customer '{key[2]}' since {key[3]}.")
    state = str(there.loc[same, "state"].iloc[0])
    if state in CLOSED and kind != state:
        raise UsageError(f"the warning of rule '{key[1]}' about customer '{key[2]}' is {state} already.")
    raised_at = str(there.loc[same, "raised_at"].iloc[0])
    if known_at is not None and at < raised_at:
        raise UsageError(
            f"the warning of rule '{key[1]}' about customer '{key[2]}' was raised at {raised_at}; it cannot be {kind}"
            f" at {at}, before that."
        )
    at = max(at, raised_at)
    return bool(all_happened(engine, [event(key, kind, at=at, by=by, note=note, known_at=known_at)]))


def event(
    key: Sequence[str], kind: str, *, at: str, by: str, note: str = "", known_at: str | None = None
) -> dict[str, str]:
    """What became of a warning, as a row; known at the time when it happened unless said."""
    when = {"happened_at": at, "known_at": known_at or at}
    return {**dict(zip(KEY, key, strict=True)), "kind": kind, **when, "by": by, "note": note}


def all_happened(engine: sa.Engine, events: Sequence[Mapping[str, str]]) -> int:
    """Write what became of warnings, all of it or nothing; gives how many rows were not there before."""
    if not events:
        return 0
    columns = [WARNING_EVENTS.c[name] for name in (*KEY, "kind")]
    specs = {one["spec"] for one in events}
    with databases.answering(engine, NAMED), engine.begin() as connection:
        alone(connection)
        asked = sa.select(*columns).where(WARNING_EVENTS.c.spec.in_(specs))
        there = {tuple(row) for row in connection.execute(asked)}
        new = [dict(one) for one in events if tuple(one[column.name] for column in columns) not in there]
        if new:
            connection.execute(sa.insert(WARNING_EVENTS), new)
    return len(new)
