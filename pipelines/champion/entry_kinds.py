"""The kinds of ledger entries: decision, forced decision, approval, rollback and others."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.champion.authorship import Authorship
from pipelines.champion.ledger import Entry
from pipelines.champion.succession import FROZEN, REFITTED, UNFROZEN, Standing
from pipelines.ruling.verdict import MOVES, WORDS, Verdict

Body = dict[str, Any]
AWAITS = "it awaits approval"
# The id of the log of the run that wrote the entry, where it had one.
RUN_ID = "run_id"
# What an entry holds that rests on no comparison.
NOTHING: Body = {
    "verdict": None,
    "reason": "",
    "reasons": [],
    "question": None,
    "awaiting_approval": False,
    "look": None,
    "reports": {},
    "mode": None,
    "primary": None,
    "findings": [],
    "pairs": {},
    "slices": [],
    "floors": {},
    "unbeaten": [],
    "cohort": {},
    "figures": {},
    "gate": {},
    "files": {},
}


def decision(
    asked: Mapping[str, Any], found: Mapping[str, Any], signed: Authorship, *, digest: str, approval: bool
) -> Body:
    """The decision of the rules; with approval required, a promoting verdict changes nothing yet.

    asked holds challenger_version, compared_with and question; found what `decisions.decided` gives, the look, the
    reports and the hashes of the challenger's files; digest is of what it computes.
    """
    challenger, champion = asked["challenger_version"], asked["compared_with"]
    promoting = Verdict(found["verdict"]) in MOVES
    waits, moves = promoting and approval, promoting and not approval
    return {
        **NOTHING,
        **asked,
        **found,
        **signed_as("decision", signed, digest),
        "champion_version": challenger if moves else champion,
        **told([*found["reasons"], AWAITS] if waits else found["reasons"]),
        "awaiting_approval": waits,
        "figures": _champion_is(found["figures"]) if moves else found["figures"],
    }


def held_back(decided: Mapping[str, Any], found: Mapping[str, Any], freeze: Mapping[str, Any]) -> Body:
    """The same decision, where it would promote while promotions are frozen: the champion stays."""
    first, *others = found["reasons"]
    said = [
        f"{WORDS[Verdict.FROZEN]} until the end of {freeze['until']} by {freeze['by']}: {freeze['reason']}",
        f"the rules said {decided['verdict']}: {first}",
        *others,
    ]
    return {
        **decided,
        "champion_version": decided["compared_with"],
        "verdict": Verdict.FROZEN.value,
        **told(said),
        "awaiting_approval": False,
        "figures": found["figures"],
        "freeze": dict(freeze),
    }


def forced(decided: Mapping[str, Any], signed: Authorship, *, reason: str) -> Body:
    """The same decision, overruled by a person with a reason."""
    first, *others = decided["reasons"]
    said = [f"FORCED({signed.by}, {reason})", f"the rules said {decided['verdict']}: {first}", *others]
    return {
        **decided,
        **signed_as("forced", signed, decided["model_digest"]),
        "champion_version": decided["challenger_version"],
        "verdict": Verdict.FORCED.value,
        **told(said),
        "reason": reason,
        "awaiting_approval": False,
        "figures": _champion_is(decided["figures"]),
    }


def approval(waiting: Entry, signed: Authorship) -> Body:
    """Approval of the waiting decision."""
    body = waiting.body
    first, *others = [one for one in body.get("reasons", [body["words"]]) if one != AWAITS]
    return {
        **_unsigned(body),
        **signed_as("approval", signed, body["model_digest"]),
        "champion_version": body["challenger_version"],
        **told([f"approved by {signed.by} (entry {waiting.number}): {first}", *others]),
        "awaiting_approval": False,
        "figures": _champion_is(body["figures"]),
    }


def rollback(standing: Standing, signed: Authorship, *, to: str, digest: str, reason: str) -> Body:
    """Return to an earlier champion; digest is that version's."""
    moved = {"challenger_version": to, "compared_with": standing.champion, "champion_version": to}
    words = f"from version {standing.champion} back to version {to}" + (f": {reason}" if reason else "")
    files = {"files": dict(standing.files(to))}
    return {**NOTHING, **moved, **told([words]), "reason": reason, **files, **signed_as("rollback", signed, digest)}


def adoption(version: str, signed: Authorship, *, digest: str, files: Mapping[str, str], reason: str) -> Body:
    """A champion without a ledger: it precedes the ledger, or the ledger was lost."""
    moved = {"challenger_version": version, "compared_with": None, "champion_version": version}
    words = f"version {version} was champion, and there was no ledger of it: {reason}"
    kept = {"reason": reason, "files": dict(files)}
    return {**NOTHING, **moved, **told([words]), **kept, **signed_as("adopted", signed, digest)}


def frozen(standing: Standing, signed: Authorship, *, until: str, ends_at: str, reason: str) -> Body:
    """From now until the end of a day nothing is promoted; it is about no version."""
    freeze = {"until": until, "ends_at": ends_at, "by": signed.by, "reason": reason}
    return _of_freeze(standing, signed, FROZEN, f"frozen until the end of {until}: {reason}", reason) | {
        "freeze": freeze
    }


def unfrozen(standing: Standing, signed: Authorship, *, reason: str) -> Body:
    """A freeze ends before its day."""
    words = "promotions are free again" + (f": {reason}" if reason else "")
    return _of_freeze(standing, signed, UNFROZEN, words, reason)


def _of_freeze(standing: Standing, signed: Authorship, kind: str, words: str, reason: str) -> Body:
    kept = {"challenger_version": None, "compared_with": standing.champion, "champion_version": standing.champion}
    return {**NOTHING, **kept, **told([words]), "reason": reason, **signed_as(kind, signed, "")}


def sealed(standing: Standing, signed: Authorship, *, digest: str, files: Mapping[str, str]) -> Body:
    """The hashes of the champion's files, which the entry that made it champion lacks."""
    champion = {"challenger_version": standing.champion, "compared_with": standing.champion}
    words = f"the hashes of the {len(files)} files of version {standing.champion}, as they are today"
    kept = {"champion_version": standing.champion, "files": dict(files)}
    return {**NOTHING, **champion, **told([words]), **kept, **signed_as("sealed", signed, digest)}


def copied(standing: Standing, signed: Authorship, *, to: str, digest: str, why: str, files: Mapping[str, str]) -> Body:
    """Replacement of a lost champion by another version of the same model; its claims stay."""
    made = standing.made_champion
    words = f"version {standing.champion} is lost ({why}); version {to} is the same model and takes its place"
    moved = {"challenger_version": to, "compared_with": standing.champion, "champion_version": to}
    kept = {"awaiting_approval": False, "files": dict(files)}
    return {**_unsigned(made.body), **moved, **told([words]), **kept, **signed_as("restored", signed, digest)}


def vacated(standing: Standing, signed: Authorship, *, why: str) -> Body:
    """A lost champion with none before it: the next challenger is judged as a first one."""
    moved = {"challenger_version": standing.champion, "compared_with": standing.champion, "champion_version": None}
    words = f"version {standing.champion} is lost ({why}), and no champion before it is left: there is none now"
    return {**NOTHING, **moved, **told([words]), **signed_as("restored", signed, "")}


def refitted(standing: Standing, signed: Authorship, *, to: str, digest: str, files: Mapping[str, str]) -> Body:
    """The champion fitted again on all rows: that version serves, and the champion stays the one that was judged."""
    twin = standing.champion
    words = (
        f"version {to} is version {twin} fitted again on all rows, the gate cohort included; it serves, and its figures"
        f" are those of version {twin}"
    )
    return _serving(standing, signed, to=to, digest=digest, words=words) | {"files": dict(files)}


def judged_serves(standing: Standing, signed: Authorship, *, digest: str, why: str) -> Body:
    """The refitted version is lost: the champion that was judged serves itself."""
    words = f"version {standing.serving} is lost ({why}); version {standing.champion}, its judged twin, serves"
    return _serving(standing, signed, to=str(standing.champion), digest=digest, words=words)


def _serving(standing: Standing, signed: Authorship, *, to: str, digest: str, words: str) -> Body:
    kept = {"challenger_version": to, "compared_with": standing.champion, "champion_version": standing.champion}
    return {**NOTHING, **kept, "serving_version": to, **told([words]), **signed_as(REFITTED, signed, digest)}


def unchanged(known: Entry, asked: Mapping[str, Any]) -> Body:
    """The answer to a challenger that is the champion; not an entry, and known is the last one about it."""
    champion = {"champion_version": asked["challenger_version"], "awaiting_approval": False}
    return {
        **known.receipt,
        **asked,
        **champion,
        "verdict": Verdict.NO_CHANGE.value,
        **told([WORDS[Verdict.NO_CHANGE]]),
    }


def same(asked: Mapping[str, Any], signed: Authorship, *, digest: str, compared: str) -> Body:
    """The answer to a challenger with the champion's predictions on all rows; not an entry and not a comparison."""
    champion = asked["compared_with"]
    words = (
        f"version {asked['challenger_version']} predicts the same as the champion, version {champion}, to the bit:"
        f" {compared}"
    )
    kept = {"champion_version": champion, "verdict": Verdict.NO_CHANGE.value}
    return {**NOTHING, **asked, **kept, **told([words]), **signed_as("decision", signed, digest), "ledger": None}


def withdrawn(known: Entry, rolled_back: Entry, asked: Mapping[str, Any]) -> Body:
    """The answer to a challenger that was rolled back; not an entry."""
    by, at, why = (rolled_back.body[key] for key in ("by", "decided_at", "reason"))
    words = (
        f"version {asked['challenger_version']} was rolled back by {by} at {at}{f': {why}' if why else ''};"
        f" `promote {known.spec} --force --reason TEXT` brings it back"
    )
    kept = {"champion_version": asked["compared_with"], "awaiting_approval": False}
    return {**known.receipt, **asked, **kept, "verdict": Verdict.KEEP.value, **told([words])}


def signed_as(kind: str, signed: Authorship, digest: str) -> Body:
    """The kind of an entry, who wrote it, when and in which run, and the digest of the model that it is about."""
    run = {RUN_ID: signed.run_id} if signed.run_id else {}
    return {"kind": kind, "by": signed.by, "decided_at": signed.at, "model_digest": digest, **run}


def _unsigned(body: Mapping[str, Any]) -> Body:
    """What an entry says, without the run that wrote it."""
    return {name: one for name, one in body.items() if name != RUN_ID}


def told(reasons: Sequence[str]) -> Body:
    """The reasons as a list and as one line."""
    return {"reasons": list(reasons), "words": "; ".join(reasons)}


def _champion_is(figures: Mapping[str, Any]) -> Body:
    """The figures once the challenger is the champion."""
    return {**figures, "champion": figures["challenger"]} if "challenger" in figures else dict(figures)
