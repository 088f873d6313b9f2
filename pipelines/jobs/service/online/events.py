"""Posted events as rows that can be kept: held to their tables, and to what is known of their customers."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from features.errors import DataError
from features.schema import Table
from pipelines.jobs.service.mapped_rows import DROPPED, MAPPED, Mapped
from pipelines.jobs.service.web.desk_protocol import Incoming
from pipelines.outreach import received_rows
from pipelines.outreach.operations.received_events import CONFLICT, ERASED, KNOWN, NEW, Event, Kept, key_fault

CUSTOMERS, REFUSED = "customers", "refused"
UNKNOWN = "the customer is unknown; send a row of `customers` first"
FORGOTTEN = "the customer was erased; nothing is kept"
EARLY = "it happened before its customer joined"
# Of several rows that a mapping made of one event, what became of it is what became of the worst.
WORST_LAST = (KNOWN, NEW, ERASED, CONFLICT)

# What a mapping makes of raw rows of a file, each; raises DataError for a file that none reads.
Mapping_ = Callable[[str, Sequence[Mapping[str, Any]]], Sequence[Sequence[Mapped]]]


@dataclass(frozen=True)
class Posted:
    """A posted event as it came, with the rows to keep, one unless a mapping made several; or why there are none."""

    key: str
    events: tuple[Event, ...] = ()
    state: str = ""
    why: str = ""

    def refused(self, why: str) -> "Posted":
        """The same event, which cannot be kept."""
        return replace(self, events=(), state=REFUSED, why=why)


@dataclass(frozen=True)
class Reading:
    """Makes rows of posted events: of tables, by their declarations, of files by the spec's mappings."""

    declared: Mapping[str, Table]
    mapped: Mapping_
    now: datetime
    time_zone: str

    def read(self, incoming: Sequence[Incoming]) -> list[Posted]:
        """Each event as rows to keep, or with what is wrong in it."""
        found = [self._of_table(one) for one in incoming]
        for file in dict.fromkeys(one.file for one in incoming if one.file is not None):
            places = [place for place, one in enumerate(incoming) if one.file == file and not found[place].why]
            for place, one in zip(places, self._of_file(file, [incoming[place] for place in places]), strict=True):
                found[place] = one
        return found

    def _of_table(self, one: Incoming) -> Posted:
        posted = Posted(one.key)
        if fault := key_fault(one.key):
            return posted.refused(fault)
        if (one.table is None) == (one.file is None):
            return posted.refused("say the table of the row, or the file whose mapping reads it.")
        if one.table is None:
            return posted
        told: dict[str, Any] = {"now": self.now, "time_zone": self.time_zone}
        try:
            row = received_rows.checked(self.declared, one.table, one.row, **told)
        except DataError as error:
            return posted.refused(str(error))
        return replace(posted, events=(Event(one.key, one.table, str(row["customer_id"]), row),))

    def _of_file(self, file: str, some: Sequence[Incoming]) -> list[Posted]:
        try:
            every = self.mapped(file, [one.row for one in some])
        except DataError as error:
            return [Posted(one.key).refused(str(error)) for one in some]
        return [_mapped(one, file, made) for one, made in zip(some, every, strict=True)]


def _mapped(one: Incoming, file: str, made: Sequence[Mapped]) -> Posted:
    """What mappings made of one raw row."""
    if bad := next((row for row in made if row.state not in (MAPPED, DROPPED)), None):
        return Posted(one.key).refused(bad.why)
    there = [(row.table, row.row) for row in made if row.row is not None]
    if not there:
        return Posted(one.key, state=DROPPED, why="; ".join(row.why for row in made))
    raw = {"file": file, "row": dict(one.row)}
    keys = [one.key, *(f"{one.key}#{number}" for number in range(2, len(there) + 1))]
    if fault := next((fault for key in keys if (fault := key_fault(key))), None):
        return Posted(one.key).refused(fault)
    pairs = zip(keys, there, strict=True)
    return Posted(one.key, tuple(Event(key, table, str(row["customer_id"]), row, raw) for key, (table, row) in pairs))


def of_known(
    posted: Sequence[Posted],
    declared: Mapping[str, Table],
    joined: Mapping[str, datetime | None],
    *,
    gone: Collection[str] = (),
) -> list[Posted]:
    """The same events; those of unknown customers, or from before theirs joined, are refused.

    joined says of known customers when they joined, None where that may be any day; gone are those who were erased.
    """
    known, found = set(joined), list[Posted]()
    for one in posted:
        known |= {event.customer_id for event in one.events if event.table == CUSTOMERS}
        found.append(_of_known(one, declared, joined, known=known, gone=gone))
    return found


def _of_known(
    one: Posted,
    declared: Mapping[str, Table],
    joined: Mapping[str, datetime | None],
    *,
    known: Collection[str],
    gone: Collection[str],
) -> Posted:
    for event in one.events:
        if event.customer_id in gone:
            return Posted(one.key, state=ERASED, why=FORGOTTEN)
        if event.customer_id not in known:
            return one.refused(UNKNOWN)
        if received_rows.before_joined(declared[event.table], event.row, joined.get(event.customer_id)):
            return one.refused(EARLY)
    return one


def told(one: Posted, kept: Sequence[Kept]) -> dict[str, Any]:
    """What became of an event, as plain data."""
    if not one.events:
        return {"key": one.key, "state": one.state, "why": one.why}
    worst = max(kept, key=lambda row: WORST_LAST.index(row.state))
    return {"key": one.key, "state": worst.state, "number": worst.number, "known_at": worst.known_at.isoformat()}
