"""Ledger entries and answers about a version that shadows the champion: it begins, goes on, ends."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.champion.authorship import Authorship
from pipelines.champion.entry_kinds import NOTHING, Body, signed_as, told
from pipelines.champion.ledger import Entry
from pipelines.champion.succession import SHADOW_ENDED, Standing
from pipelines.ruling.verdict import WORDS, Verdict


def shadowing(decided: Mapping[str, Any], found: Mapping[str, Any], shadow: Mapping[str, Any]) -> Body:
    """A decision that promotes nothing yet: its challenger begins to shadow the champion, or goes on.

    decided is the decision of the rules, found what it rests on; shadow is kept with the entry: what later decisions
    need of the moment when it began.
    """
    first, *others = found["reasons"]
    said = [WORDS[Verdict.SHADOWING], f"the rules said {decided['verdict']}: {first}", *others]
    return {
        **decided,
        "champion_version": decided["compared_with"],
        "verdict": Verdict.SHADOWING.value,
        **told(said),
        "awaiting_approval": False,
        "figures": found["figures"],
        "shadow": dict(shadow),
    }


def waits(known: Entry, said: Sequence[str], shadow: Mapping[str, Any]) -> Body:
    """The answer while a version shadows; not an entry. known is the last one by which it does."""
    _, *others = known.body["reasons"]
    return {**known.receipt, **told([*said, *others]), "shadow": {**known.body["shadow"], **shadow}}


def ended(standing: Standing, signed: Authorship, *, reason: str, kept_out: bool) -> Body:
    """A version no longer shadows, and nothing was decided of it; kept_out: it does not come back by itself."""
    began = standing.began_to_shadow
    version = began.body["challenger_version"]
    champion = {"challenger_version": version, "compared_with": standing.champion}
    words = f"version {version} no longer shadows version {standing.champion}: {reason}"
    kept = {"champion_version": standing.champion, "reason": reason, "kept_out": kept_out}
    return {
        **NOTHING,
        **champion,
        **kept,
        **told([words]),
        **signed_as(SHADOW_ENDED, signed, began.body["model_digest"]),
    }


def kept_out(known: Entry, out: Entry, asked: Mapping[str, Any]) -> Body:
    """The answer to a challenger that shadowed this champion and was rejected, or ended by a person; not an entry."""
    if out.body["verdict"]:
        return out.receipt
    version, spec = asked["challenger_version"], known.spec
    words = (
        f"version {version} shadowed the champion until {out.body['by']} ended it at {out.body['decided_at']}:"
        f" {out.body['reason']}; `promote {spec} --force --reason TEXT` makes it champion"
    )
    kept = {"champion_version": asked["compared_with"], "awaiting_approval": False}
    return {**known.receipt, **asked, **kept, "verdict": Verdict.KEEP.value, **told([words])}


def over(before: Standing, after: Standing) -> str:
    """That a version no longer shadows because the champion changed; "" where it goes on, or was made champion."""
    began = before.shadow
    if began is None or after.shadow is not None or after.champion == before.champion:
        return ""
    version = began.body["challenger_version"]
    if version == after.champion:
        return ""
    return f"version {version} no longer shadows: version {before.champion}, which it shadowed, is champion no more"
