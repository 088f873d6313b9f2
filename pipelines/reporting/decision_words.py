"""The text of a decision's first screen: what was decided, why, what happens next, and what evidence was needed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.reporting import decision_looks, shadow_words
from pipelines.reporting.judged_figures import Tone
from pipelines.reporting.rules_in_words import called, in_words
from pipelines.ruling.verdict import MOVES, Verdict

Found = Mapping[str, Any]

# The statuses of a rule that was not applied.
NOTHING_JUDGED = ("not applicable", "switched off")
_BECAUSE = {
    Verdict.FIRST_CHAMPION: "There was no champion, so this model had to do better than the average-only model, which "
    "gives every customer the same average risk; it does.",
    Verdict.PROMOTE: "Better in its primary figure, by more than chance explains, and no worse in the others.",
    Verdict.REFRESH: "The same recipe, trained on {renewed}: it has to be no worse, and it is not.",
    Verdict.KEEP: "A rule is broken, so the challenger is not promoted.",
    Verdict.NO_CHAMPION: "A rule is broken, so this model does not become the first champion.",
    Verdict.INCONCLUSIVE: "No rule is broken, but there are too few customers to show that all rules hold.",
    Verdict.INSUFFICIENT_DATA: "The data do not suffice for a valid comparison, so there is no verdict on the models.",
    Verdict.CONTRACT_FAIL: "A model that differs from what was evaluated is not promoted, whatever its figures.",
    Verdict.FROZEN: "The rules accept this model, but promotions are frozen, so nothing changes.",
    Verdict.SHADOWING: "The rules accept this model on the past, and the spec lets it shadow the champion first.",
}
_UNMOVED = {
    Verdict.KEEP: "A second comparison of the same challenger on the same customers gives the same answer.",
    Verdict.NO_CHAMPION: "A second evaluation of the same model on the same customers gives the same answer.",
    Verdict.INCONCLUSIVE: "It is decided again once newer outcomes are known.",
    Verdict.INSUFFICIENT_DATA: "It is judged again with more outcomes, or customers that neither model was trained on.",
    Verdict.CONTRACT_FAIL: "It is judged again once the fault named here is corrected.",
    Verdict.FROZEN: "The first run after the freeze decides again, by the same comparison.",
    Verdict.SHADOWING: "Each run scores the newest date by both, and decides once enough outcomes are known.",
}


@dataclass(frozen=True)
class DecisionText:
    """The text of the first screen: headline, the sentence under it, reasons without a figure, and what happens next.

    mark is the tone of the headline's verdict; looks is "" where nothing was compared.
    """

    headline: str
    mark: Tone
    sentence: str
    reasons: tuple[str, ...]
    now: tuple[str, ...]
    looks: str


def words(decision: Found, spec: Found) -> DecisionText:
    """The text of a decision; spec is needed for the commands in it."""
    return DecisionText(
        headline=headline(decision),
        mark=mark(decision),
        sentence=_sentence(decision),
        reasons=_reasons(decision),
        now=tuple(_now(decision, spec["name"])),
        looks=decision_looks.looks(decision),
    )


def headline(decision: Found) -> str:
    """The verdict in one line, with the simple scores that the challenger is not shown to beat."""
    judged = decision["verdict"] not in (Verdict.INSUFFICIENT_DATA, Verdict.CONTRACT_FAIL)
    left = decision.get("unbeaten") if judged else ()
    return f"{_verdict(decision)}; it is not shown to beat {' and '.join(left)}" if left else _verdict(decision)


def _verdict(decision: Found) -> str:
    this, before, stays = f"version {decision['challenger_version']}", opponent(decision), _holder(decision)
    if decision["awaiting_approval"]:
        return f"Awaiting approval: {this} may become champion"
    if decision.get("kind") == "approval" and decision["verdict"] != Verdict.NO_CHANGE:
        return f"Approved: {this} is champion"
    return {
        Verdict.FIRST_CHAMPION: f"First champion: {this} is now in use",
        Verdict.PROMOTE: f"Promoted: {this} replaces {before}",
        Verdict.REFRESH: f"Refreshed: {this} replaces {before}",
        Verdict.KEEP: f"Not promoted: {stays}",
        Verdict.NO_CHAMPION: f"Not good enough: {stays}",
        Verdict.INCONCLUSIVE: f"Inconclusive: {stays}",
        Verdict.NO_CHANGE: f"No change: {this} is champion already",
        Verdict.INSUFFICIENT_DATA: f"Insufficient data: {stays}",
        Verdict.CONTRACT_FAIL: f"Refused: {this} differs from what was evaluated",
        Verdict.FORCED: f"Forced: {this} is champion",
        Verdict.FROZEN: f"Frozen: {stays}",
        Verdict.SHADOWING: f"In shadow: {this} is scored beside {before}; {stays}",
    }[Verdict(decision["verdict"])]


def opponent(decision: Found) -> str:
    """The name of the model that the challenger was compared with."""
    if decision["mode"] == "first":
        return "the average-only model"
    # A challenger that is champion already is shown with the figures of the decision that made it champion.
    repeated = decision["compared_with"] in (None, decision["challenger_version"])
    return "the champion before" if repeated else f"version {decision['compared_with']}"


def _holder(decision: Found) -> str:
    champion = decision["champion_version"]
    return f"version {champion} stays champion" if champion else "there is still no champion"


def mark(decision: Found) -> Tone:
    """The tone of a verdict."""
    if decision["verdict"] in (*MOVES, Verdict.NO_CHANGE):
        return "open" if decision["awaiting_approval"] else "good"
    if decision["verdict"] in (Verdict.INCONCLUSIVE, Verdict.INSUFFICIENT_DATA, Verdict.FROZEN, Verdict.SHADOWING):
        return "open"
    return "bad"


def _sentence(decision: Found) -> str:
    """The general reason; the deciding figures follow on the page."""
    verdict, kind = Verdict(decision["verdict"]), decision.get("kind")
    if verdict is Verdict.NO_CHANGE:
        return "This model is the champion, so there was nothing to compare." + (
            " What follows is the comparison that was made when it became champion." if decision["pairs"] else ""
        )
    if verdict is Verdict.FORCED:
        held = _held(decision)
        return f"{decision['by']} overruled the rules and gave this reason: \u201c{decision['reason']}\u201d. {held}"
    shadow = f" {shadow_words.sentence(decision)}".rstrip()
    approved = f"{decision['by']} approved it. " if kind == "approval" else ""
    renewed = decision.get("renewed", "newer data")
    why = (
        f"{_BECAUSE[verdict].format(renewed=renewed)}{_unclear_rules(decision)}"
        if _by_rules(decision)
        else f"{_capital(decision['words'])}."
    )
    return f"{approved}{why} {champion_for(decision)}{_switched_off(decision)}{shadow}".strip()


def _switched_off(decision: Found) -> str:
    """A sentence on the rules that the spec switches off; "" where there are none."""
    off = [called(one["rule"]) for one in decision["findings"] if one["status"] == "switched off"]
    return f" Not applied: {' and '.join(off)}, which the spec switches off; the rules below say why." if off else ""


def _unclear_rules(decision: Found) -> str:
    """A sentence on rules that these rows neither confirm nor break, and that do not prevent a promotion."""
    unclear = [
        called(one["rule"]) for one in decision["findings"] if one["status"] == "unclear" and one["rule"] != "R014"
    ]
    if not unclear or decision["verdict"] not in (Verdict.PROMOTE, Verdict.REFRESH):
        return ""
    return f" These customers are too few to confirm {' and '.join(unclear)} fully; the rules below say where."


def champion_for(decision: Found) -> str:
    """What the new champion was shown to be good for, and what is not claimed; "" without a new champion."""
    claims = decision.get("claims")
    if not claims or decision["verdict"] not in MOVES:
        return ""
    told = {"risk": "for its ranking of the risk", "uplift": "for its choice of actions"}
    shown = " and ".join(words for name, words in told.items() if claims[name])
    tried = "policy_value" in decision["worth"]
    left = [told[name] for name in ("risk", *(["uplift"] if tried else [])) if not claims[name]]
    alone = f", but not {left[0]}: that was not shown to be good, and the list makes no use of it" if left else ""
    return f"It is champion {shown or 'without any claim'}{alone}."


def repeats(decision: Found) -> bool:
    """Whether the decision repeats an older ledger entry and has none of its own."""
    return decision["verdict"] == Verdict.NO_CHANGE or not _by_rules(decision)


def _by_rules(decision: Found) -> bool:
    """Whether the verdict follows from the rules; a version that was rolled back is refused without them."""
    return decision["verdict"] != Verdict.KEEP or any(one["status"] == "broken" for one in decision["findings"])


def _held(decision: Found) -> str:
    """The counts of rules that hold, are broken or unclear, as a sentence."""
    status = [one["status"] for one in decision["findings"]]
    told = {"holds": "hold", "broken": "broken", "unclear": "unclear"} | {one: one for one in NOTHING_JUDGED}
    said = ", ".join(f"{status.count(name)} {word}" for name, word in told.items() if name in status)
    return f"Of {len(status)} rules: {said}." if status else ""


def decisive(decision: Found) -> list[Found]:
    """The findings that decided: the broken rules of the strongest kind, else the unclear ones."""
    findings = decision["findings"]
    for verdict in (Verdict.CONTRACT_FAIL, Verdict.INSUFFICIENT_DATA, Verdict.KEEP):
        broken = [one for one in findings if one["status"] == "broken" and one["otherwise"] == verdict]
        if broken:
            return broken
    return [one for one in findings if one["status"] == "unclear" and not one.get("remark")]


def _reasons(decision: Found) -> tuple[str, ...]:
    """The reasons of decisive rules that compare no single figure with a threshold."""
    return tuple(
        f"Rule {called(one['rule'])} is {one['status']}: {in_words(one['reason'])}."
        for one in decisive(decision)
        if not one["thresholds"] and decision["verdict"] != Verdict.NO_CHANGE
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _now(decision: Found, spec: str) -> Iterator[str]:
    """What happens next, and what can be done."""
    verdict, this, holds = Verdict(decision["verdict"]), decision["challenger_version"], decision["champion_version"]
    serves = f"Version {holds} stays in use." if holds else "No model is in use yet."
    if decision["awaiting_approval"]:
        yield f"Nothing has changed yet. {serves}"
        yield f"To put version {this} into use: `python -m pipelines approve {spec} {this}`"
        return
    if verdict is Verdict.NO_CHANGE:
        yield f"Nothing changes. {serves}"
        return
    if holds == this:
        yield f"Version {this} is in use from now on, and makes the next list."
        if decision["compared_with"]:
            yield f"To go back to version {decision['compared_with']}: `python -m pipelines rollback {spec}`"
        return
    yield f"Nothing changes. {serves}"
    yield _UNMOVED.get(verdict, "")
