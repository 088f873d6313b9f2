"""Posted events as rows that can be kept: held to their tables, and to what is known of their customers."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from features.errors import DataError
from features.schema import Table
from pipelines.outreach import received_rows
from pipelines.outreach.operations.received_events import Event, key_fault
from pipelines.service.web.desk_protocol import Incoming

CUSTOMERS = "customers"
UNKNOWN = "the customer is unknown; send a row of `customers` first"
EARLY = "it happened before its customer joined"


@dataclass(frozen=True)
class Posted:
    """A posted event as it came, and the row that can be kept, or why it cannot."""

    key: str
    event: Event | None
    why: str = ""

    def refused(self, why: str) -> "Posted":
        """The same event, which cannot be kept."""
        return Posted(self.key, None, why)


def read(incoming: Sequence[Incoming], declared: Mapping[str, Table], *, now: datetime, time_zone: str) -> list[Posted]:
    """Each event as a row of its table, or with what is wrong in it."""
    return [_read(one, declared, now, time_zone) for one in incoming]


def _read(one: Incoming, declared: Mapping[str, Table], now: datetime, time_zone: str) -> Posted:
    if fault := key_fault(one.key):
        return Posted(one.key, None, fault)
    if one.table is None:
        return Posted(one.key, None, "say the table of the row")
    try:
        row = received_rows.checked(declared, one.table, one.row, now=now, time_zone=time_zone)
    except DataError as error:
        return Posted(one.key, None, str(error))
    return Posted(one.key, Event(one.key, one.table, str(row["customer_id"]), row))


def of_known(
    posted: Sequence[Posted],
    declared: Mapping[str, Table],
    joined: Mapping[str, datetime | None],
    received: Collection[str],
) -> list[Posted]:
    """The same events; those of unknown customers, or from before theirs joined, are refused.

    joined says of customers whom the batch knows when they joined; received are others of whom a row was received.
    """
    known, found = {*joined, *received}, list[Posted]()
    for one in posted:
        if one.event is None:
            found.append(one)
            continue
        table, who = declared[one.event.table], one.event.customer_id
        if table.name == CUSTOMERS:
            known.add(who)
        if who not in known:
            found.append(one.refused(UNKNOWN))
        elif received_rows.before_joined(table, one.event.row, joined.get(who)):
            found.append(one.refused(EARLY))
        else:
            found.append(one)
    return found


def told(one: Posted, kept: Any) -> dict[str, Any]:
    """What became of an event, as plain data."""
    if one.event is None:
        return {"key": one.key, "state": "refused", "why": one.why}
    return {"key": one.key, "state": kept.state, "number": kept.number, "known_at": kept.known_at.isoformat()}
