"""Maintenance of a registry: restore the alias, replace a lost champion, adopt one, record hashes."""

from mlflow.entities.model_registry import ModelVersion

from features.errors import UsageError
from pipelines.champion import chain, entry_kinds, loading, model_versions, shadow_entries
from pipelines.champion.ledger_writer import LedgerWriter
from pipelines.champion.succession import Standing


def restore(writer: LedgerWriter) -> str:
    """Set the alias by the ledger; where that champion is lost, find another. Returns what was done.

    A lost champion is followed by another version of the very same model, else by the last good champion before it,
    else by none, so that the next challenger is judged as a first one.
    """
    standing, alias = writer.seen()
    if not standing.entries and alias:
        raise UsageError(
            f"there is no ledger to restore from; `python -m pipelines registry adopt {writer.spec} --reason TEXT`"
            f" begins one with version {alias}."
        )
    why = writer.lost(standing, standing.champion) if standing.champion else None
    words = ""
    if why:
        words = str(writer.write(standing, _way_out(writer, standing, why)).body["words"])
        standing, _ = writer.seen()
    if standing.serving != standing.champion and (why := writer.lost(standing, str(standing.serving))):
        digest = str(standing.made_champion.body["model_digest"])
        body = entry_kinds.judged_serves(standing, writer.signed, digest=digest, why=why)
        words = "; ".join(filter(None, [words, str(writer.write(standing, body).body["words"])]))
    standing, _ = writer.seen()
    if standing.shadow and (why := writer.lost(standing, standing.shadow.body["challenger_version"])):
        body = shadow_entries.ended(standing, writer.signed, reason=f"it is lost: {why}", kept_out=True)
        words = "; ".join(filter(None, [words, str(writer.write(standing, body).body["words"])]))
    writer.project()
    return words or f"the alias champion shows version {writer.seen()[1] or 'none'}"


def _way_out(writer: LedgerWriter, standing: Standing, why: str) -> entry_kinds.Body:
    copy = _copy(writer, standing)
    if copy:
        files = loading.files_of(copy, standing)
        digest = model_versions.digest_of(copy)
        return entry_kinds.copied(standing, writer.signed, to=str(copy.version), digest=digest, why=why, files=files)
    good = last_good(writer, standing)
    if good is None:
        return entry_kinds.vacated(standing, writer.signed, why=why)
    digest = model_versions.digest_of(model_versions.version(writer.client, writer.spec, good))
    return entry_kinds.rollback(standing, writer.signed, to=good, digest=digest, reason=f"the champion is lost: {why}")


def _copy(writer: LedgerWriter, standing: Standing) -> ModelVersion | None:
    """Another intact version of the champion's model."""
    digest = str(standing.made_champion.body["model_digest"])
    found = loading.version_of(writer.client, writer.spec, digest)
    return found if found and str(found.version) != standing.champion else None


def last_good(writer: LedgerWriter, standing: Standing) -> str | None:
    """The last earlier champion that is intact, as is what serves for it."""
    before = reversed(standing.champions[:-1])

    def is_good(number: str) -> bool:
        return all(writer.lost(standing, str(one)) is None for one in {number, standing.serves(number)})

    return next(filter(is_good, before), None)


def adopt(writer: LedgerWriter, reason: str) -> str:
    """Begin a ledger with the alias's version. Raises UsageError where a ledger exists, or no alias does."""
    entries = writer.book.entries(writer.spec)
    if [entry.body["kind"] for entry in entries] == ["adopted"]:
        model_versions.keep_head(writer.client, writer.spec, chain.head_of(entries[0]))  # it was stopped before that
        return f"version {entries[0].body['champion_version']} is champion by entry 1 already"
    if entries:
        raise UsageError(
            f"the ledger of '{writer.spec}' at {writer.book.place} has {len(entries)} entries already; a champion is"
            " adopted into an empty one only."
        )
    found = model_versions.champion(writer.client, writer.spec)
    if found is None:
        raise UsageError(f"'{writer.spec}' has no alias champion to adopt; run: python -m pipelines run {writer.spec}")
    standing = Standing(writer.spec)
    files = loading.files_of(found, standing)
    number, digest = str(found.version), model_versions.digest_of(found)
    writer.write(standing, entry_kinds.adoption(number, writer.signed, digest=digest, files=files, reason=reason))
    return f"version {number} is champion by entry 1; earlier comparisons are no longer counted"


def seal(writer: LedgerWriter) -> str:
    """Record the hashes of the champion's files where no entry has them yet."""
    standing, _ = writer.agreed()
    if standing.champion is None:
        raise UsageError(f"'{writer.spec}' has no champion to seal; run: python -m pipelines run {writer.spec}")
    if standing.files(standing.champion):
        return f"the hashes of version {standing.champion} are in the ledger already"
    found = model_versions.version(writer.client, writer.spec, standing.champion)
    files = loading.files_of(found, standing)
    body = entry_kinds.sealed(standing, writer.signed, digest=model_versions.digest_of(found), files=files)
    return str(writer.write(standing, body).body["words"])


def delete(writer: LedgerWriter, version: str) -> None:
    """Delete a version. Raises UsageError for the champion, those before it and what was rolled back."""
    standing, alias = writer.seen()
    number = str(model_versions.version(writer.client, writer.spec, version).version)
    if number in (standing.champion, alias):
        raise UsageError(f"version {number} of '{writer.spec}' is the champion; it is not deleted.")
    if number in standing.champions:
        raise UsageError(f"version {number} of '{writer.spec}' was champion before: a rollback leads to it.")
    if number in map(standing.serves, standing.champions):
        raise UsageError(f"version {number} of '{writer.spec}' serves when a rollback leads to the champion it is of.")
    if standing.shadow and number == standing.shadow.body["challenger_version"]:
        raise UsageError(
            f"version {number} of '{writer.spec}' shadows the champion: `python -m pipelines shadow {writer.spec} --end"
            " --reason TEXT` ends that."
        )
    if number in standing.withdrawn:
        raise UsageError(f"version {number} of '{writer.spec}' was rolled back: once deleted, it could come back.")
    writer.client.delete_model_version(writer.spec, number)
