"""Deliveries of warnings as they are kept: an attempt is written down before it is made, and how it ended after."""

from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa

from pipelines.outreach.operations.database import NAMED, alone
from pipelines.outreach.operations.tables import DELIVERIES
from pipelines.outreach.operations.warnings import KEY
from pipelines.servers import databases

BEGUN, SENT, FAILED = "begun", "sent", "failed"
MOST_ATTEMPTS = 3

Key = tuple[str, ...]


def due(engine: sa.Engine, wanted: Iterable[tuple[Key, str]], *, at: str) -> dict[tuple[Key, str], int]:
    """Which of these warnings are to be sent to these receivers now, with the number of the attempt, as begun.

    wanted pairs the key of a warning with a receiver. One that was sent is not sent again, nor one whose attempt began
    and never ended, for it may have arrived; one that failed is tried MOST_ATTEMPTS times. Two who ask at once do not
    get the same.
    """
    pairs = list(wanted)
    if not pairs:
        return {}
    with databases.answering(engine, NAMED), engine.begin() as connection:
        alone(connection)
        before = _states(connection, {key[0] for key, _ in pairs})
        found = {}
        for key, receiver in pairs:
            attempts = before.get((key, receiver), {})
            ended = [states for states in attempts.values() if FAILED in states]
            if len(ended) == len(attempts) < MOST_ATTEMPTS:
                found[key, receiver] = len(attempts) + 1
        if found:
            connection.execute(
                sa.insert(DELIVERIES), [_row(pair, attempt, BEGUN, at) for pair, attempt in found.items()]
            )
    return found


def ended(
    engine: sa.Engine, attempts: Mapping[tuple[Key, str], int], state: str, *, at: str, reason: str | None = None
) -> None:
    """Write down how attempts ended, and why where they failed."""
    if attempts:
        rows = [{**_row(pair, attempt, state, at), "reason": reason} for pair, attempt in attempts.items()]
        with databases.answering(engine, NAMED), engine.begin() as connection:
            connection.execute(sa.insert(DELIVERIES), rows)


def unsent(engine: sa.Engine, spec: str) -> dict[tuple[Key, str], str]:
    """The warnings of a spec, with a receiver, that will not be sent again though nobody knows that they arrived.

    By each the state: `begun` where an attempt never ended, for the run was killed, `failed` after MOST_ATTEMPTS.
    """
    with databases.answering(engine, NAMED), engine.connect() as connection:
        there = _states(connection, {spec})
    found = {}
    for pair, attempts in there.items():
        if any(states == {BEGUN} for states in attempts.values()):
            found[pair] = BEGUN
        elif len(attempts) >= MOST_ATTEMPTS and all(FAILED in states for states in attempts.values()):
            found[pair] = FAILED
    return found


def _states(connection: sa.Connection, specs: set[str]) -> dict[tuple[Key, str], dict[int, set[str]]]:
    """The states of each attempt, by warning and receiver."""
    names: Sequence[str] = (*KEY, "receiver", "attempt", "state")
    asked = sa.select(*(DELIVERIES.c[name] for name in names)).where(DELIVERIES.c.spec.in_(specs))
    found: dict[tuple[Key, str], dict[int, set[str]]] = {}
    for row in connection.execute(asked):
        key, (receiver, attempt, state) = tuple(row[: len(KEY)]), row[len(KEY) :]
        found.setdefault((key, receiver), {}).setdefault(attempt, set()).add(state)
    return found


def _row(pair: tuple[Key, str], attempt: int, state: str, at: str) -> dict[str, str | int]:
    key, receiver = pair
    return {**dict(zip(KEY, key, strict=True)), "receiver": receiver, "attempt": attempt, "state": state, "at": at}
