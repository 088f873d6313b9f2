"""A lease on a spec's registry, so that only one process of all machines that share a ledger changes it."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from threading import Event, Thread

import sqlalchemy as sa

from features.errors import StorageError, UsageError
from pipelines.champion import lease_table, ledger
from pipelines.messages import log
from pipelines.processes import processes
from pipelines.processes.processes import Process
from pipelines.servers import databases

SECONDS = "HOLDFAST_LEASE_SECONDS"
WAIT = "HOLDFAST_LEASE_WAIT_SECONDS"
DEFAULTS = {SECONDS: 60.0, WAIT: 30.0}
LOOK_SECONDS = 0.3
# After so long somebody who looks at the terminal is told for whom we wait.
PATIENCE_SECONDS = 2.0


@dataclass(frozen=True)
class Lease:
    """A lease on a spec in a ledger's database, held or requested by this process."""

    engine: sa.Engine
    spec: str
    token: str = field(default_factory=lambda: token_hex(8))

    def take(self) -> tuple[Process | None, float] | None:
        """Take the lease, or give its holder and since when; an expired or dead process's lease is taken over."""
        table, me = lease_table.TABLE, processes.this().to_dict()
        with databases.answering(self.engine), self.engine.begin() as connection:
            lease_table.alone(connection)
            now = lease_table.now(connection)
            there = connection.execute(sa.select(table).where(table.c.spec == self.spec)).one_or_none()
            if there and there.expiry > now and not ((who := _process(there.holder)) and who.is_gone):
                return who, there.since
            connection.execute(sa.delete(table).where(table.c.spec == self.spec))
            times = {"since": now, "renewed": now, "expiry": now + seconds(SECONDS)}
            row = {"spec": self.spec, "token": self.token, "holder": json.dumps(me), **times}
            connection.execute(sa.insert(table), row)
        return None

    def renew(self) -> bool:
        """Postpone its expiry. Gives False when it expired meanwhile and another process took it."""
        table = lease_table.TABLE
        with databases.answering(self.engine), self.engine.begin() as connection:
            now = lease_table.now(connection)
            mine = (table.c.spec == self.spec) & (table.c.token == self.token)
            later = {"renewed": now, "expiry": now + seconds(SECONDS)}
            return bool(connection.execute(sa.update(table).where(mine).values(later)).rowcount)

    def confirm(self) -> None:
        """Make sure that it is still held before a step without further checks. Raises UsageError when it is not."""
        if not self.renew():
            raise UsageError(
                f"another took over the registry of '{self.spec}' while this process was held up for"
                f" {seconds(SECONDS):g} s and more; nothing was changed. Run it again."
            )

    def release(self) -> None:
        """Release it."""
        table = lease_table.TABLE
        mine = (table.c.spec == self.spec) & (table.c.token == self.token)
        with databases.answering(self.engine), self.engine.begin() as connection:
            connection.execute(sa.delete(table).where(mine))


@contextmanager
def held(spec: str, root: Path) -> Iterator[Lease]:
    """A block in which no other process changes the registry of a spec, so that no version or comparison is made twice.

    It waits HOLDFAST_LEASE_WAIT_SECONDS (30) for another. A holder that ended without a word is known at once on its
    own machine, and elsewhere HOLDFAST_LEASE_SECONDS (60) after it last renewed. Raises UsageError naming the holder.
    """
    lease = _taken(Lease(ledger.opened(root).engine, spec))
    ended = Event()
    Thread(target=_renew, args=(lease, ended), daemon=True, name="renews the lease").start()
    try:
        yield lease
    finally:
        ended.set()
        with suppress(StorageError):  # then it expires
            lease.release()


def _taken(lease: Lease) -> Lease:
    began, told = time.monotonic(), False
    while holder := lease.take():
        waited = time.monotonic() - began
        if waited > seconds(WAIT):
            raise UsageError(
                f"the registry of '{lease.spec}' is in use by {_named(*holder)}; run it again when that has ended."
            )
        if waited > PATIENCE_SECONDS and not told:
            log.note(f"waiting for {_named(*holder)}, which changes the registry of '{lease.spec}'")
            told = True
        time.sleep(LOOK_SECONDS)
    return lease


def _renew(lease: Lease, ended: Event) -> None:
    while not ended.wait(max(seconds(SECONDS) / 4, LOOK_SECONDS)):
        with suppress(StorageError):  # a database that is away for a moment; who must be sure asks `confirm`
            if not ended.is_set() and not lease.renew():
                return


def _process(holder: str) -> Process | None:
    try:
        return Process.from_dict(json.loads(holder))
    except ValueError:
        return None


def _named(holder: Process | None, since: float) -> str:
    when = datetime.fromtimestamp(since, UTC).isoformat(timespec="seconds")
    return f"{holder.name if holder else 'a process'} since {when}"


def seconds(name: str) -> float:
    """A number of seconds from the environment, or its default. Raises UsageError when it is invalid."""
    said = os.environ.get(name, "")
    try:
        found = float(said) if said else DEFAULTS[name]
    except ValueError:
        found = -1.0
    if not 0 <= found < float("inf"):
        raise UsageError(f"{name} is '{said}'; it takes a number of seconds.")
    return found
