"""What the ledger's entries say, by kind: a decision, a forced one, an approval, a rollback, an adoption."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.ledger import Entry
from pipelines.signature import Signature
from pipelines.standing import Standing
from pipelines.verdict import MOVES, WORDS, Verdict

Body = dict[str, Any]
AWAITS = "it awaits approval"
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
    "cohort": {},
    "figures": {},
    "gate": {},
}


def decision(
    asked: Mapping[str, Any], found: Mapping[str, Any], signed: Signature, *, digest: str, approval: bool
) -> Body:
    """What the rules decided; with approval, a promoting verdict moves nothing yet.

    asked holds challenger_version, compared_with and question; found what `decisions.decided` gives, the look and the
    reports; digest is the challenger's.
    """
    challenger, champion = asked["challenger_version"], asked["compared_with"]
    promoting = Verdict(found["verdict"]) in MOVES
    waits, moves = promoting and approval, promoting and not approval
    return {
        **NOTHING,
        **asked,
        **found,
        **_signed("decision", signed, digest),
        "champion_version": challenger if moves else champion,
        **_told([*found["reasons"], AWAITS] if waits else found["reasons"]),
        "awaiting_approval": waits,
        "figures": _champion_is(found["figures"]) if moves else found["figures"],
    }


def forced(decided: Mapping[str, Any], signed: Signature, *, reason: str) -> Body:
    """The same decision, overruled by a person who says why."""
    first, *others = decided["reasons"]
    said = [f"FORCED({signed.by}, {reason})", f"the rules said {decided['verdict']}: {first}", *others]
    return {
        **decided,
        **_signed("forced", signed, decided["model_digest"]),
        "champion_version": decided["challenger_version"],
        "verdict": Verdict.FORCED.value,
        **_told(said),
        "reason": reason,
        "awaiting_approval": False,
        "figures": _champion_is(decided["figures"]),
    }


def approval(waiting: Entry, signed: Signature) -> Body:
    """The decision that was waiting, approved."""
    body = waiting.body
    first, *others = [one for one in body.get("reasons", [body["words"]]) if one != AWAITS]
    return {
        **body,
        **_signed("approval", signed, body["model_digest"]),
        "champion_version": body["challenger_version"],
        **_told([f"approved by {signed.by} (entry {waiting.number}): {first}", *others]),
        "awaiting_approval": False,
        "figures": _champion_is(body["figures"]),
    }


def rollback(standing: Standing, signed: Signature, *, digest: str, reason: str) -> Body:
    """Back to the champion before; digest is that one's."""
    moved = {"challenger_version": standing.before, "compared_with": standing.champion}
    words = f"from version {standing.champion} back to version {standing.before}" + (f": {reason}" if reason else "")
    made = {"champion_version": standing.before, **_told([words]), "reason": reason}
    return {**NOTHING, **moved, **made, **_signed("rollback", signed, digest)}


def adoption(version: str, signed: Signature, *, digest: str) -> Body:
    """A champion from before there was a ledger."""
    moved = {"challenger_version": version, "compared_with": None, "champion_version": version}
    words = f"version {version} was champion before there was a ledger"
    return {**NOTHING, **moved, **_told([words]), **_signed("adopted", signed, digest)}


def unchanged(known: Entry, asked: Mapping[str, Any]) -> Body:
    """What a challenger is told that is the champion; it is no entry, and known is the last one about it."""
    champion = {"champion_version": asked["challenger_version"], "awaiting_approval": False}
    return {
        **known.receipt,
        **asked,
        **champion,
        "verdict": Verdict.NO_CHANGE.value,
        **_told([WORDS[Verdict.NO_CHANGE]]),
    }


def withdrawn(known: Entry, rolled_back: Entry, asked: Mapping[str, Any]) -> Body:
    """What a challenger is told that was rolled back; it is no entry."""
    by, at, why = (rolled_back.body[key] for key in ("by", "decided_at", "reason"))
    words = (
        f"version {asked['challenger_version']} was rolled back by {by} at {at}{f': {why}' if why else ''};"
        f" `promote {known.spec} --force --reason TEXT` brings it back"
    )
    kept = {"champion_version": asked["compared_with"], "awaiting_approval": False}
    return {**known.receipt, **asked, **kept, "verdict": Verdict.KEEP.value, **_told([words])}


def _signed(kind: str, signed: Signature, digest: str) -> Body:
    return {"kind": kind, "by": signed.by, "decided_at": signed.at, "model_digest": digest}


def _told(reasons: Sequence[str]) -> Body:
    """What is said, as a list and in a line."""
    return {"reasons": list(reasons), "words": "; ".join(reasons)}


def _champion_is(figures: Mapping[str, Any]) -> Body:
    """The figures once the challenger is the champion."""
    return {**figures, "champion": figures["challenger"]} if "challenger" in figures else dict(figures)
