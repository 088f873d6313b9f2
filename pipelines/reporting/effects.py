"""What the report may claim about actions: their effects, the ranking by effect, and the value of the advice."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from experiments.evaluation import claims
from experiments.evaluation.policy_report import SAME_ACTIONS
from pipelines.messages.numbers import POINTS, Unit, Written, aligned, amount, count, money, whole, written
from pipelines.reporting import randomisation_words
from pipelines.reporting.judged_figures import JudgedFigure, Words, covers, in_column, judged
from pipelines.ruling.effect_evidence import NOT_MEASURED, OBSERVATIONAL, RANDOMISED

Found = Mapping[str, Any]
EffectEvidence = Literal["not measured", "observational", "randomised"]

NOT_ESTABLISHED = "Not established"
NO_CLAIM = "No claim"

_HELPS = Words("Helps", "Harms", NOT_ESTABLISHED)
_RANKS = Words("Yes", "The wrong way round", NOT_ESTABLISHED)
_PAYS = Words("Pays", "Loses", NOT_ESTABLISHED)
_BEATS = Words("Earns more", "Earns less", NOT_ESTABLISHED)
_ADVICE = claims.name("advice", "policy")

# In the order of the page; the keys of report.json are the kind, "_" and the action.
_KINDS = {
    "treat_none": "nobody contacted",
    "treat_all": "{action} for everybody",
    "random": "{action} for {many} drawn at random",
    "highest_risk_first": "{action} for the {many} at the highest risk",
}


@dataclass(frozen=True)
class SimplePolicy:
    """A simple policy: its kind, what it earns per customer, and by how much the advice earns more."""

    kind: str
    earns: Written
    beaten_by: JudgedFigure


def effect_evidence(found: Found) -> EffectEvidence:
    """What the data can show of effects: those of actions that are declared randomised, and tested to be."""
    if not found["uplift"]["measured"]:
        return NOT_MEASURED
    declared, verdict = found["spec"]["treatment"]["randomised"], found["uplift"]["randomisation"]["verdict"]
    return RANDOMISED if declared and verdict == "randomised" else OBSERVATIONAL


def is_randomised(found: Found) -> bool:
    """Whether the actions were randomised, so that effects may be claimed."""
    return effect_evidence(found) == RANDOMISED


def why_observational(found: Found) -> str:
    """The evidence against a randomised trial, in a sentence."""
    randomisation = found["uplift"]["randomisation"]
    if randomisation["verdict"] == "randomised":
        return "The spec says that the actions were not randomised."
    return randomisation_words.against(found)


def trial(found: Found) -> list[tuple[str, dict[str, Any]]]:
    """Each action in the whole trial, before any model, with its plain difference as formatted text."""
    whole = found["uplift"]["trial"]
    differences = aligned([written(one, POINTS) for one in whole.values()])
    return [(name, {**one, "difference": told}) for (name, one), told in zip(whole.items(), differences, strict=True)]


def observed(found: Found) -> list[dict[str, Any]]:
    """Each action that was not randomised: rows with and without it, their overlap, and the adjusted difference."""
    sizes, overlap = found["uplift"]["trial"], found["uplift"]["randomisation"]["overlap"]
    return [
        {
            "rows": sizes[one.of]["rows"],
            "control_rows": sizes[one.of]["control_rows"],
            "overlap": overlap[one.of],
            "goes": one,
        }
        for one in effects(found)
    ]


def effects(found: Found) -> tuple[JudgedFigure, ...]:
    """The average effect of each action.

    In a randomised trial it is the plain difference in the whole trial, which has more customers than the gate cohort.
    Without randomisation plain differences mislead, so it is the doubly robust estimate on the gate cohort.
    """
    if not is_randomised(found):
        return _by_action(found, "ate", "effect", _HELPS)
    return in_column([_effect(found, name, one) for name, one in found["uplift"]["trial"].items()])


def _effect(found: Found, action: str, figure: Found) -> JudgedFigure:
    return claimed(found, claims.name("effect", action), figure, _HELPS, POINTS, of=action)


def family_sentence(found: Found) -> str:
    """A sentence on the family of claims that Holm's correction covers; "" where there is none."""
    family, kept = found["claims"]["family"], not_significant_after_holm(found)
    if not family:
        return ""
    further = ", also in further outcomes" if found["uplift"]["outcomes"] else ""
    said = (
        f"{family} statements about actions were tested: what each changes{further}, whom it helps, what the advice "
        "earns, by itself and against simpler rules, and what a contact may cost. The more are tested, the likelier "
        "one looks true by luck, so they have to pass a stricter test together (Holm's correction): the chance that "
        "even one word such as Helps, Harms, Pays or Earns more is wrong here is at most 5 %. Each interval is that of "
        "its figure alone."
    )
    if not kept:
        return said
    one = "One figure is" if len(kept) == 1 else f"{len(kept)} figures are"
    return f"{said} {one} clear alone, but not among all {family}: that is called not established."


def not_significant_after_holm(found: Found) -> list[str]:
    """The claims that are significant alone (by their own interval), but not after Holm's correction."""
    return [
        one.name for one in claims.family(found) if not covers(one.figure, one.against) and not _stands(found, one.name)
    ]


def _stands(found: Found, claim: str) -> bool:
    return bool(found["claims"]["made"].get(claim, claims.NEVER)["established"])


def rankings(found: Found) -> tuple[JudgedFigure, ...]:
    """How well the model ranks customers by the effect of each action (QINI)."""
    return _by_action(found, "qini", "ranking", _RANKS)


def earned(found: Found) -> JudgedFigure:
    """The value of the advice per customer, compared with contacting nobody."""
    value, unit = found["policy"]["value"], money(found["spec"]["currency"])
    return claimed(found, _ADVICE, value, _PAYS, unit, of="per customer, compared with contacting nobody")


def simple_policies(found: Found) -> list[SimplePolicy]:
    """The simple policies, ordered by kind."""
    against = found["policy"]["against"]
    told = [_simple_policy(found, kind, key) for kind in _KINDS for key in against if key.startswith(kind)]
    columns = zip(told, aligned([one.earns for one in told]), in_column([one.beaten_by for one in told]), strict=True)
    return [replace(one, earns=earns or one.earns, beaten_by=beaten_by) for one, earns, beaten_by in columns]


def best_rivals(found: Found) -> tuple[JudgedFigure, ...]:
    """The advice against contacting everybody and against highest risk first, each with its best action."""
    every = [
        [one for one in simple_policies(found) if one.kind == kind] for kind in ("treat_all", "highest_risk_first")
    ]
    best = [max(of_kind, key=lambda one: one.earns.exact).beaten_by for of_kind in every]
    return tuple(replace(one, of=f"against {one.of}") for one in best)


def advice(found: Found) -> str:
    """The contacts of the policy, in a phrase."""
    policy = found["policy"]
    parts = [f"{action} for {number:,}" for action, number in policy["contacts_by_action"].items()]
    rows = "observations" if found["cohort"]["rows"] > found["cohort"]["customers"] else "customers"
    limits = "; ".join(_limits(found)) or "nothing limits it"
    return f"{', '.join(parts)} of {policy['customers']:,} {rows} in the trial; {limits}"


def _limits(found: Found) -> Iterator[str]:
    """The limits of the policy among the rows judged, in phrases."""
    policy, limits = found["policy"], found["policy"]["limits"]
    if policy["budget_share"] < 1:
        yield f"at most {whole(policy['budget_share'])} may be contacted"
    for action in policy["contacts_by_action"]:
        if limits[f"capacity_{action}"] is not None:
            yield f"{action} can be given to {limits[f'capacity_{action}']:,.0f} at most"
    if limits["money"] is not None:
        unit = money(found["spec"]["currency"])
        yield f"{amount(round(policy['spent'], 2), unit)} of {amount(round(limits['money'], 2), unit)} is spent"
    if barred := policy["customers"] - policy["may_be_contacted"]:
        yield f"{barred:,} must be left alone"


def is_limited(found: Found) -> bool:
    """Whether limits prevent contacting everybody with every action."""
    policy = found["policy"]
    rest = [limit for name, limit in policy["limits"].items() if name != "contacts"]
    return bool(policy["budget_share"] < 1 or any(limit is not None for limit in rest))


def _simple_policy(found: Found, kind: str, key: str) -> SimplePolicy:
    one, currency = found["policy"]["against"][key], found["spec"]["currency"]
    action = key.removeprefix(f"{kind}_")
    action = "the same actions" if action == SAME_ACTIONS else action
    name = _KINDS[kind].format(action=action, many=count(one["contacts"]))
    if kind == "treat_all" and is_limited(found):
        name += " (more than the budget allows)"
    claim = _ADVICE if key == claims.NOBODY else claims.name("rival", key)
    verdict = claimed(found, claim, one["advantage"], _BEATS, money(currency, signed=True), of=name)
    return SimplePolicy(kind, written(one["value"], money(currency)), verdict)


def _by_action(found: Found, metric: str, kind: str, words: Words) -> tuple[JudgedFigure, ...]:
    actions = found["uplift"]["actions"].items()
    return in_column(
        [
            claimed(found, claims.name(kind, action), one["figures"][metric], words, POINTS, of=action)
            for action, one in actions
        ]
    )


def claimed(
    found: Found, claim: str, figure: Found, words: Words, unit: Unit, *, of: str, against: float = 0.0
) -> JudgedFigure:
    """The verdict on a figure of an effect; claim is its name in the family that Holm's correction covers.

    Where the actions were not randomised the verdict is "no claim"; where the claim is not significant after the
    correction it is "not established", whatever its own interval says.
    """
    if not is_randomised(found):
        return JudgedFigure(of, NO_CLAIM, "open", written(figure, unit))
    alone = judged(of, figure, words, unit, against=against)
    if alone.tone == "open" or _stands(found, claim):
        return alone
    family = found["claims"]["family"]
    among = f"clear when this figure is looked at alone, not when all {family} claims on this page are allowed for"
    return JudgedFigure(of, NOT_ESTABLISHED, "open", alone.figure, among)
