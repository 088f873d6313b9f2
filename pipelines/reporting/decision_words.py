"""The first screen of a decision in words: what was decided, why, what happens now, and how much had to be shown."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.reporting import decision_looks
from pipelines.reporting.judged_figures import Tone
from pipelines.reporting.rules_in_words import called, in_words
from pipelines.ruling.verdict import MOVES, Verdict

Found = Mapping[str, Any]

# What a rule finds that judges nothing.
NOTHING_JUDGED = ("not applicable", "switched off")
_BECAUSE = {
    Verdict.FIRST_CHAMPION: "There was no champion, and this model is worth something.",
    Verdict.PROMOTE: "Better where it counts, by more than chance explains, and no worse on the rest.",
    Verdict.REFRESH: "The same recipe, learnt from {renewed}: it is asked to be no worse, and it is not.",
    Verdict.KEEP: "A rule is broken, so the challenger is not taken.",
    Verdict.NO_CHAMPION: "A rule is broken, so this model does not become the first champion.",
    Verdict.INCONCLUSIVE: "No rule is broken, but these customers are too few to tell whether all hold.",
    Verdict.INSUFFICIENT_DATA: "The comparison would not be worth much, so no verdict rests on it.",
    Verdict.CONTRACT_FAIL: "A model that does not do what was evaluated is not promoted, whatever its figures.",
}
_UNMOVED = {
    Verdict.KEEP: "The same challenger asked again on the same customers gets this same answer.",
    Verdict.NO_CHAMPION: "The same model asked again on the same customers gets this same answer.",
    Verdict.INCONCLUSIVE: "More customers tell more: it is decided anew once newer outcomes are in.",
    Verdict.INSUFFICIENT_DATA: "It is judged again when there are more outcomes, or customers that neither model saw.",
    Verdict.CONTRACT_FAIL: "Once the fault named here is mended, it is judged again.",
}


@dataclass(frozen=True)
class Told:
    """What a manager reads first: the headline, the sentence under it, reasons without a figure, and what follows.

    mark is the tone of the headline's verdict; looks is "" where nothing was compared.
    """

    headline: str
    mark: Tone
    sentence: str
    reasons: tuple[str, ...]
    now: tuple[str, ...]
    looks: str


def words(decision: Found, spec: Found) -> Told:
    """The words of a decision; spec names it in the commands."""
    return Told(
        headline=headline(decision),
        mark=_mark(decision),
        sentence=_sentence(decision),
        reasons=_reasons(decision),
        now=tuple(_now(decision, spec["name"])),
        looks=decision_looks.looks(decision),
    )


def headline(decision: Found) -> str:
    """The verdict in a line, with the simple scores that the challenger is not shown to beat."""
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
        Verdict.FIRST_CHAMPION: f"First champion: {this}",
        Verdict.PROMOTE: f"Promoted: {this} replaces {before}",
        Verdict.REFRESH: f"Refreshed: {this} replaces {before}",
        Verdict.KEEP: f"Not promoted: {stays}",
        Verdict.NO_CHAMPION: f"Not good enough: {stays}",
        Verdict.INCONCLUSIVE: f"Inconclusive: {stays}",
        Verdict.NO_CHANGE: f"No change: {this} is champion already",
        Verdict.INSUFFICIENT_DATA: f"Too little to judge by: {stays}",
        Verdict.CONTRACT_FAIL: f"Refused: {this} is not in order",
        Verdict.FORCED: f"Forced: {this} is champion",
    }[Verdict(decision["verdict"])]


def opponent(decision: Found) -> str:
    """Whom the challenger was compared with."""
    if decision["mode"] == "first":
        return "the prior model"
    # Who is champion already is told so with the figures of the decision that made it champion.
    repeated = decision["compared_with"] in (None, decision["challenger_version"])
    return "the champion before" if repeated else f"version {decision['compared_with']}"


def _holder(decision: Found) -> str:
    champion = decision["champion_version"]
    return f"version {champion} stays champion" if champion else "there is still no champion"


def _mark(decision: Found) -> Tone:
    if decision["verdict"] in (*MOVES, Verdict.NO_CHANGE):
        return "open" if decision["awaiting_approval"] else "good"
    if decision["verdict"] in (Verdict.INCONCLUSIVE, Verdict.INSUFFICIENT_DATA):
        return "open"
    return "bad"


def _sentence(decision: Found) -> str:
    """Why, in general; the figures that decided it follow."""
    verdict, kind = Verdict(decision["verdict"]), decision.get("kind")
    if verdict is Verdict.NO_CHANGE:
        return "This model is the champion, so there was nothing to compare." + (
            " What follows is the comparison that was made when it became champion." if decision["pairs"] else ""
        )
    if verdict is Verdict.FORCED:
        held = _held(decision)
        return f"{decision['by']} overruled the rules and gave this reason: \u201c{decision['reason']}\u201d. {held}"
    approved = f"{decision['by']} approved it. " if kind == "approval" else ""
    renewed = decision.get("renewed", "newer data")
    why = (
        f"{_BECAUSE[verdict].format(renewed=renewed)}{_untold(decision)}"
        if _by_rules(decision)
        else f"{_capital(decision['words'])}."
    )
    return f"{approved}{why} {champion_for(decision)}{_off(decision)}".strip()


def _off(decision: Found) -> str:
    """Which rules the spec switches off; "" where none."""
    off = [called(one["rule"]) for one in decision["findings"] if one["status"] == "switched off"]
    return f" Not asked: {' and '.join(off)}, which the spec switches off; the rules below say why." if off else ""


def _untold(decision: Found) -> str:
    """Of what "no worse" is not shown, since these rows cannot tell and the rule holds nothing up for it."""
    unclear = [
        called(one["rule"]) for one in decision["findings"] if one["status"] == "unclear" and one["rule"] != "R014"
    ]
    if not unclear or decision["verdict"] not in (Verdict.PROMOTE, Verdict.REFRESH):
        return ""
    return f" Of what {' and '.join(unclear)} asks these customers cannot tell all; the rules below say of what."


def champion_for(decision: Found) -> str:
    """What the new champion was shown to be for, and what is not claimed; "" where nothing moves."""
    claims = decision.get("claims")
    if not claims or decision["verdict"] not in MOVES:
        return ""
    told = {"risk": "for its ranking of the risk", "uplift": "for its choice of actions"}
    shown = " and ".join(words for name, words in told.items() if claims[name])
    tried = "policy_value" in decision["worth"]
    left = [told[name] for name in ("risk", *(["uplift"] if tried else [])) if not claims[name]]
    alone = f", and not {left[0]}: of that nothing is shown, and the list claims nothing of it" if left else ""
    return f"It is champion {shown or 'for nothing that is shown'}{alone}."


def repeats(decision: Found) -> bool:
    """Whether it is an answer that rests on an older entry and has none of its own."""
    return decision["verdict"] == Verdict.NO_CHANGE or not _by_rules(decision)


def _by_rules(decision: Found) -> bool:
    """Whether the verdict follows from the findings shown: who was rolled back is kept out by that, not by a rule."""
    return decision["verdict"] != Verdict.KEEP or any(one["status"] == "broken" for one in decision["findings"])


def _held(decision: Found) -> str:
    """How many rules hold, are broken and are unclear."""
    status = [one["status"] for one in decision["findings"]]
    told = {"holds": "hold", "broken": "broken", "unclear": "unclear"} | {one: one for one in NOTHING_JUDGED}
    said = ", ".join(f"{status.count(name)} {word}" for name, word in told.items() if name in status)
    return f"Of {len(status)} rules: {said}." if status else ""


def decisive(decision: Found) -> list[Found]:
    """The findings on which it turned: the broken ones that outweigh the others, else the unclear ones."""
    findings = decision["findings"]
    for verdict in (Verdict.CONTRACT_FAIL, Verdict.INSUFFICIENT_DATA, Verdict.KEEP):
        broken = [one for one in findings if one["status"] == "broken" and one["otherwise"] == verdict]
        if broken:
            return broken
    return [one for one in findings if one["status"] == "unclear" and not one.get("remark")]


def _reasons(decision: Found) -> tuple[str, ...]:
    """What decisive rules say that hold no single figure against a threshold."""
    return tuple(
        f"Rule {called(one['rule'])} is {one['status']}: {in_words(one['reason'])}."
        for one in decisive(decision)
        if not one["thresholds"] and decision["verdict"] != Verdict.NO_CHANGE
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _now(decision: Found, spec: str) -> Iterator[str]:
    """What happens now, and what can be done."""
    verdict, this, holds = Verdict(decision["verdict"]), decision["challenger_version"], decision["champion_version"]
    serves = f"Version {holds} goes on serving." if holds else "Nothing is served yet."
    if decision["awaiting_approval"]:
        yield f"Nothing has moved. {serves}"
        yield f"To let version {this} serve: `python -m pipelines approve {spec} {this}`"
        return
    if verdict is Verdict.NO_CHANGE:
        yield f"Nothing moves. {serves}"
        return
    if holds == this:
        yield f"Version {this} serves from now on, and the next list is made with it."
        if decision["compared_with"]:
            yield f"To go back to version {decision['compared_with']}: `python -m pipelines rollback {spec}`"
        return
    yield f"Nothing moves. {serves}"
    yield _UNMOVED.get(verdict, "")
