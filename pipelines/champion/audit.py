"""Verification of a ledger's integrity, and of the registry against it."""

from collections.abc import Iterator

from pipelines.champion import chain, model_versions
from pipelines.champion.ledger_writer import LedgerWriter
from pipelines.champion.succession import Standing

CHAMPION, SERVING = "the champion", "which serves for the champion"
SHADOW = "which shadows the champion"


def faults(reader: LedgerWriter, *, head: str | None = None) -> list[str]:
    """One line per fault; none where all is correct. For a broken ledger, its own faults only.

    head is the number and hash of an entry that were kept elsewhere.
    """
    entries = reader.book.entries(reader.spec)
    known = (head, model_versions.kept_head(reader.client, reader.spec))
    found = chain.faults(entries) or [fault for one in known for fault in chain.head_faults(entries, one)]
    if found:
        return found
    standing, alias = reader.seen()
    return [*_alias_faults(standing, alias), *_shadow_faults(reader, standing), *_version_faults(reader, standing)]


def remarks(standing: Standing) -> list[str]:
    """Non-faults that should be fixed: a champion registered before file hashes were recorded."""
    if standing.champion is None or standing.files(standing.champion):
        return []
    seal = f"`python -m pipelines registry seal {standing.spec}` adds them"
    return [f"version {standing.champion}, the champion, is from before the hashes of files were kept; {seal}"]


def _alias_faults(standing: Standing, alias: str | None) -> Iterator[str]:
    if alias == standing.serving:
        return
    shown = f"version {alias}" if alias else "nothing"
    if not standing.entries:
        adopt = f"`python -m pipelines registry adopt {standing.spec} --reason TEXT` begins one"
        yield f"the alias champion shows {shown}, and there is no ledger: it was lost, or was never kept; {adopt}"
        return
    remedy = "promote" if standing.unfinished(alias) else "registry restore"
    said = f"the ledger says version {standing.serving or 'none'}"
    yield f"the alias champion shows {shown}, but {said}; `python -m pipelines {remedy} {standing.spec}` mends it"


def _shadow_faults(reader: LedgerWriter, standing: Standing) -> Iterator[str]:
    said = standing.shadow.body["challenger_version"] if standing.shadow else None
    shown = reader.shadow_alias()
    if said != shown:
        remedy = f"`python -m pipelines registry restore {standing.spec}` mends it"
        yield f"the alias shadow shows version {shown or 'none'}, but the ledger says {said or 'none'}; {remedy}"


def _version_faults(reader: LedgerWriter, standing: Standing) -> Iterator[str]:
    """Differences between the recorded models (champion, earlier ones, awaiting approval) and the stored bytes."""
    for number, role in _roles(standing).items():
        why = reader.lost(standing, number)
        if why:
            remedy = f"; `python -m pipelines registry restore {standing.spec}` replaces it"
            yield f"version {number}, {role}, is lost: {why}{remedy if role in (CHAMPION, SERVING, SHADOW) else ''}"
            continue
        digest = model_versions.digest_of(model_versions.version(reader.client, standing.spec, number))
        about = [entry for entry in standing.entries if entry.body["challenger_version"] == number]
        written = {entry.body["model_digest"] for entry in about}
        if written != {digest}:
            yield f"version {number}, {role}, has the model digest '{digest}', but the ledger says {sorted(written)}"


def _roles(standing: Standing) -> dict[str, str]:
    """The versions that serve or could serve again, the champion first."""
    found = {standing.champion: CHAMPION} if standing.champion else {}
    if standing.serving:
        found.setdefault(standing.serving, SERVING)
    for number in reversed(standing.champions):
        found.setdefault(number, "a champion before")
        found.setdefault(str(standing.serves(number)), "which served for a champion before")
    for number in standing.waiting:
        found.setdefault(number, "which awaits approval")
    if standing.shadow:
        found.setdefault(standing.shadow.body["challenger_version"], SHADOW)
    return found
