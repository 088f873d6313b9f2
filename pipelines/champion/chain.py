"""Verification of a ledger's hash chain: no gaps, no changed entries, a consistent succession."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from features.errors import DataError
from pipelines.champion.ledger import Entry, hash_of
from pipelines.champion.succession import Standing

# What every entry has said since there is a ledger.
SAYS = (
    "kind",
    "by",
    "decided_at",
    "challenger_version",
    "compared_with",
    "champion_version",
    "model_digest",
    "verdict",
    "awaiting_approval",
    "look",
    "cohort",
    "figures",
    "words",
)
HEAD = re.compile(r"(\d+) ([0-9a-f]{64})")


class BrokenLedgerError(DataError):
    """The ledger was altered: no decision is based on it."""


def faults(entries: Sequence[Entry], *, head: str | None = None) -> list[str]:
    """One line per fault; for a broken chain its own faults only. head is an entry's hash recorded elsewhere."""
    found = [*chain_faults(entries)] or [*body_faults(entries)] or [*succession_faults(entries)]
    return found or [*head_faults(entries, head)]


def check(spec: str, entries: Sequence[Entry], *, head: str | None = None) -> Standing:
    """The state that a spec's entries lead to, once verified. Raises BrokenLedgerError naming the entry."""
    if found := faults(entries, head=head):
        raise BrokenLedgerError(
            f"the ledger of '{spec}' is broken: {found[0]}. Nothing was changed; bring its database back from a backup"
            f" (`registry check {spec}` proves it), or, if there is none, keep what is left, open a new ledger and take"
            f" the champion over: `registry adopt {spec} --reason TEXT`."
        )
    return Standing(spec, tuple(entries))


def chain_faults(entries: Sequence[Entry]) -> Iterator[str]:
    """Entries that are missing, were changed, or do not follow the previous one."""
    previous = ""
    for place, entry in enumerate(entries, start=1):
        if entry.number != place:
            yield f"entry {entry.number} stands where entry {place} should be: one is missing"
            return
        if entry.previous != previous:
            yield f"entry {entry.number} does not follow entry {place - 1}: it names another hash"
        if hash_of(entry.spec, number=entry.number, previous=entry.previous, body=entry.body) != entry.hash:
            yield f"entry {entry.number} was changed: its hash does not match"
        previous = entry.hash


def body_faults(entries: Sequence[Entry]) -> Iterator[str]:
    """Entries with valid hashes that lack required fields."""
    for entry in entries:
        missing = [key for key in SAYS if not isinstance(entry.body, Mapping) or key not in entry.body]
        if missing:
            yield f"entry {entry.number} does not say {', '.join(missing)}: it is none of ours"


def succession_faults(entries: Sequence[Entry]) -> Iterator[str]:
    """Entries whose previous champion differs from that of the entries before."""
    for place, entry in enumerate(entries):
        made, named = Standing(entry.spec, tuple(entries[:place])).champion, entry.body["compared_with"]
        if named != made:
            yield f"entry {entry.number} names {named or 'none'} as champion before, but it was {made or 'none'}"


def head_of(entry: Entry) -> str:
    """An entry's number and hash as one word, for records outside the ledger."""
    return f"{entry.number} {entry.hash}"


def head_faults(entries: Sequence[Entry], head: str | None) -> Iterator[str]:
    """Contradictions between the ledger and a number and hash recorded elsewhere; later entries are fine."""
    if head is None:
        return
    said = HEAD.fullmatch(head)
    if said is None:
        yield f"what was kept of its head, '{head}', is no number and hash"
        return
    number, digest = int(said[1]), said[2]
    if number > len(entries):
        yield f"entry {number} is missing: it had at least {number} entries, and has {len(entries)}"
    elif entries[number - 1].hash != digest:
        yield f"entry {number} has another hash than was kept elsewhere: the chain was written anew"


def plain_head(standing: Standing) -> dict[str, Any]:
    """The head as plain data to store elsewhere: entry, champion, and the hashes of the files that serve."""
    if standing.head is None:
        return {"spec": standing.spec, "head": None, "champion": None, "files": {}}
    champion, serving = standing.champion, standing.serving
    files = dict(standing.files(serving)) if serving else {}
    served = {"serving": serving} if serving != champion else {}
    return {"spec": standing.spec, "head": head_of(standing.head), "champion": champion, **served, "files": files}
