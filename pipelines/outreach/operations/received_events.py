"""Events that the service received, numbered and dated in one order by whichever process kept them."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from features.errors import DataError
from pipelines.outreach.operations import erased_people
from pipelines.outreach.operations.database import NAMED, alone
from pipelines.outreach.operations.service_tables import EVENT_COUNTS, EVENTS
from pipelines.servers import databases

NEW, KNOWN, CONFLICT, ERASED = "new", "known", "conflict", "erased"
LONGEST_KEY = 200
# Values of one query, and rows of a portion of all events.
AT_ONCE, PORTION = 1_000, 10_000
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Event:
    """A row of a canonical table that somebody sent.

    key is the client's, unique within a spec, of 1 to LONGEST_KEY characters. row holds the columns of the table but
    known_at as JSON values; times are ISO texts by the company's clocks. raw is the file and row of which the spec's
    mapping made it, where it did.
    """

    key: str
    table: str
    customer_id: str
    row: Mapping[str, Any]
    raw: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Kept:
    """What became of an event.

    state: `new`; `known`, the key came before with the same content, and number and known_at are those of then;
    `conflict`, it came with other content, which holds, and nothing was kept; `erased`, the customer was erased, and
    nothing was kept (number 0, known_at is that of the call).
    """

    state: str
    number: int
    known_at: datetime


@dataclass(frozen=True)
class Received:
    """An event with its number within the spec, from 1, and the time from which on it is known."""

    number: int
    known_at: datetime
    event: Event


def keep(engine: sa.Engine, spec: str, events: Sequence[Event], *, now: datetime) -> list[Kept]:
    """Keep events in one transaction, which is on the disk when this returns; what became of each, in order.

    now is by the company's clocks, without zone. The new events become known at now, or just after the last of the
    spec where clocks went back, each a microsecond after the one before. Raises DataError where a key is none (nothing
    is kept), StorageError when the database does not answer.
    """
    if fault := next((fault for one in events if (fault := key_fault(one.key))), None):
        raise DataError(fault)
    with databases.answering(engine, NAMED), engine.begin() as connection:
        alone(connection)
        number, last = _newest(connection, spec)
        moment = now if last is None else max(now, last + _TICK)
        there = _by_key(connection, spec, [one.key for one in events])
        gone = erased_people.within(connection).among(one.customer_id for one in events)
        new: list[dict[str, Any]] = []
        found: list[Kept] = []
        for event in events:
            if event.customer_id in gone:
                found.append(Kept(ERASED, 0, moment))
            elif (before := there.get(event.key)) is not None:
                state = KNOWN if _is_same(event, before.event) else CONFLICT
                found.append(Kept(state, before.number, before.known_at))
            else:
                number += 1
                kept = Received(number, moment + len(new) * _TICK, event)
                there[event.key] = kept
                new.append(_row(spec, kept))
                found.append(Kept(NEW, number, kept.known_at))
        if new:
            connection.execute(sa.insert(EVENTS), new)
            _count(connection, spec, new[-1], is_first=last is None)
    return found


def key_fault(key: str) -> str | None:
    """Why a text can be no key of an event, as a sentence; None where it can."""
    if not 1 <= len(key) <= LONGEST_KEY:
        return f"the key of an event has {len(key):,} characters; it may have 1 to {LONGEST_KEY}."
    return None if key.isprintable() else "the key of an event has characters that cannot be printed."


def of_customers(engine: sa.Engine, spec: str, customers: Collection[str], *, after: int) -> list[Received]:
    """The events of these customers with a number above `after`, by number."""
    wanted, found = sorted(set(customers)), list[Received]()
    with databases.answering(engine, NAMED), engine.connect() as connection:
        for start in range(0, len(wanted), AT_ONCE):
            some = EVENTS.c.customer_id.in_(wanted[start : start + AT_ONCE])
            found += _asked(connection, sa.select(EVENTS).where((EVENTS.c.spec == spec) & some, _above(after)))
    return sorted(found, key=lambda one: one.number)


def newest(engine: sa.Engine, spec: str) -> tuple[int, datetime | None]:
    """The number and the time of the last event that a spec was given, be it erased since; 0 and None without any."""
    with databases.answering(engine, NAMED), engine.connect() as connection:
        return _newest(connection, spec)


def counted(engine: sa.Engine, spec: str) -> tuple[int, int]:
    """How many events of a spec there are, and the largest of their numbers; 0 and 0 without any."""
    asked = sa.select(sa.func.count(), sa.func.max(EVENTS.c.number)).where(EVENTS.c.spec == spec)
    with databases.answering(engine, NAMED), engine.connect() as connection:
        rows, last = connection.execute(asked).one()
    return int(rows), int(last or 0)


def portions(engine: sa.Engine, spec: str, *, after: int = 0) -> Iterator[list[Received]]:
    """All events of a spec with a number above `after`, by number, up to PORTION at a time."""
    while True:
        asked = sa.select(EVENTS).where(EVENTS.c.spec == spec, _above(after)).order_by(EVENTS.c.number).limit(PORTION)
        with databases.answering(engine, NAMED), engine.connect() as connection:
            found = _asked(connection, asked)
        yield found
        if len(found) < PORTION:
            return
        after = found[-1].number


def plain(content: Mapping[str, Any]) -> str:
    """A row as it is kept: JSON in the order of its keys."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False, allow_nan=False)


def customer_of(row: str) -> str:
    """The customer of a row as it is kept."""
    return str(json.loads(row)["customer_id"])


def _above(number: int) -> "sa.ColumnElement[bool]":
    return EVENTS.c.number > number


def _newest(connection: sa.Connection, spec: str) -> tuple[int, datetime | None]:
    one = EVENT_COUNTS.c
    found = connection.execute(sa.select(one.number, one.known_at).where(one.spec == spec)).first()
    return (0, None) if found is None else (int(found.number), datetime.fromisoformat(found.known_at))


def _count(connection: sa.Connection, spec: str, last: Mapping[str, Any], *, is_first: bool) -> None:
    now = {name: last[name] for name in ("number", "known_at")}
    change = sa.insert(EVENT_COUNTS).values(spec=spec) if is_first else sa.update(EVENT_COUNTS).filter_by(spec=spec)
    connection.execute(change.values(**now))


def _by_key(connection: sa.Connection, spec: str, keys: Sequence[str]) -> dict[str, Received]:
    found: dict[str, Received] = {}
    for start in range(0, len(keys), AT_ONCE):
        some = EVENTS.c.key.in_(keys[start : start + AT_ONCE])
        asked = sa.select(EVENTS).where(EVENTS.c.spec == spec, some)
        found |= {one.event.key: one for one in _asked(connection, asked)}
    return found


def _asked(connection: sa.Connection, asked: "sa.Select[Any]") -> list[Received]:
    return [
        Received(
            row.number,
            datetime.fromisoformat(row.known_at),
            Event(row.key, row.canonical, row.customer_id, json.loads(row.row), json.loads(row.raw or "null")),
        )
        for row in connection.execute(asked)
    ]


def _row(spec: str, kept: Received) -> dict[str, Any]:
    event = kept.event
    return {
        "spec": spec,
        "key": event.key,
        "number": kept.number,
        "canonical": event.table,
        "customer_id": event.customer_id,
        "known_at": kept.known_at.isoformat(timespec="microseconds"),
        "row": plain(event.row),
        "raw": None if event.raw is None else plain(event.raw),
    }


def _is_same(event: Event, before: Event) -> bool:
    """Whether a client says the same again: of a mapped event what it sent counts, be the mapping another now."""
    if event.raw is not None and before.raw is not None:
        return plain(event.raw) == plain(before.raw)
    return (event.table, plain(event.row)) == (before.table, plain(before.row))
