"""The proof that a ledger is whole, and that the registry is as it says."""

from collections.abc import Iterator

from features.errors import MissingError
from pipelines import registry
from pipelines.ledger import Entry, hash_of
from pipelines.registrar import Registrar
from pipelines.standing import Standing


def faults(reader: Registrar) -> list[str]:
    """One line per fault; none where all is as it should be. Of a broken ledger, its own faults only."""
    standing, alias = reader.seen()
    found = [*chain_faults(standing.entries)] or [*succession_faults(standing.entries)]
    return found or [*_alias_faults(standing, alias), *_version_faults(reader, standing)]


def chain_faults(entries: tuple[Entry, ...]) -> Iterator[str]:
    """Entries that are missing, were changed, or do not follow the one before."""
    previous = ""
    for place, entry in enumerate(entries, start=1):
        if entry.number != place:
            yield f"entry {entry.number} stands where entry {place} should be: one is missing"
            return
        if entry.previous != previous:
            yield f"entry {entry.number} does not follow entry {place - 1}: it names another hash"
        if hash_of(entry.spec, number=entry.number, previous=entry.previous, body=entry.body) != entry.hash:
            yield f"entry {entry.number} was changed: its hash is of other words"
        previous = entry.hash


def succession_faults(entries: tuple[Entry, ...]) -> Iterator[str]:
    """Entries that name another champion before than the entries before them made."""
    for place, entry in enumerate(entries):
        made, named = Standing(entry.spec, entries[:place]).champion, entry.body["compared_with"]
        if named != made:
            yield f"entry {entry.number} names {named or 'none'} as champion before, but it was {made or 'none'}"


def _alias_faults(standing: Standing, alias: str | None) -> Iterator[str]:
    if alias == standing.champion:
        return
    shown = f"version {alias}" if alias else "nothing"
    if not standing.entries:
        yield f"the alias champion shows {shown}, and there is no ledger; the next promote adopts it"
        return
    remedy = "promote" if standing.unfinished(alias) else "registry restore"
    said = f"the ledger says version {standing.champion or 'none'}"
    yield f"the alias champion shows {shown}, but {said}; `python -m pipelines {remedy} {standing.spec}` mends it"


def _version_faults(reader: Registrar, standing: Standing) -> Iterator[str]:
    """The champion and the one before exist and hold the models that were written down."""
    for role, number in (("the champion", standing.champion), ("the champion before", standing.before)):
        if number is None:
            continue
        written = {
            entry.body["model_digest"] for entry in standing.entries if entry.body["challenger_version"] == number
        }
        try:
            digest = registry.digest_of(registry.version(reader.client, standing.spec, number))
        except MissingError:
            yield f"version {number}, {role}, is gone from the registry"
            continue
        if written != {digest}:
            yield f"version {number}, {role}, has the model digest '{digest}', but the ledger says {sorted(written)}"
