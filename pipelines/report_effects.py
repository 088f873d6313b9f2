"""What may be said of the actions: whether they help, whom, and what acting on the model's advice earns."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pipelines.report_numbers import POINTS, Side, Unit, Written, money, side, whole, written

Found = Mapping[str, Any]
Standing = Literal["not measured", "observational", "by lot"]

NOT_ESTABLISHED = "Not established"
NO_CLAIM = "No claim"
_RIVALS = {
    "treat_none": "nobody contacted",
    "treat_all": "{action} for everybody",
    "random": "{action} for as many at random",
    "highest_risk_first": "{action} for as many, highest risk first",
}


@dataclass(frozen=True)
class Verdict:
    """A figure and what it amounts to, in a word; tone is good, bad or open, of is the action or the comparison."""

    of: str
    word: str
    tone: Literal["good", "bad", "open"]
    figure: Written


def standing(found: Found) -> Standing:
    """Whether the data can show effects: only actions handed out by lot, declared so and found so, can."""
    if not found["uplift"]["measured"]:
        return "not measured"
    declared, verdict = found["spec"]["treatment"]["randomised"], found["uplift"]["randomisation"]["verdict"]
    return "by lot" if declared and verdict == "randomised" else "observational"


def why_observational(found: Found) -> str:
    """What speaks against a lottery, in a sentence."""
    randomisation = found["uplift"]["randomisation"]
    if randomisation["verdict"] == "randomised":
        return "The spec says that the actions were not handed out by lot."
    return f"The check of the trial says \u201c{randomisation['verdict']}\u201d: {randomisation['words']}."


def trial(found: Found) -> list[tuple[str, dict[str, Any]]]:
    """Each action in the whole trial, before any model, with the plain difference as it is read."""
    return [(name, {**one, "difference": written(one, POINTS)}) for name, one in found["uplift"]["trial"].items()]


def effects(found: Found) -> list[Verdict]:
    """What each action changes on average."""
    words: dict[Side, str] = {"above": "Helps", "below": "Harms", "either": NOT_ESTABLISHED}
    return [_judged(found, name, one["figures"]["ate"], words) for name, one in _actions(found)]


def rankings(found: Found) -> list[Verdict]:
    """Whether the model knows whom each action helps more."""
    words: dict[Side, str] = {"above": "Yes", "below": "The wrong way round", "either": NOT_ESTABLISHED}
    return [_judged(found, name, one["figures"]["qini"], words) for name, one in _actions(found)]


def on_policy(found: Found, of: str, words: Mapping[Side, str]) -> Verdict:
    """What the policy earns per customer, compared with contacting nobody."""
    return _judged(found, of, found["policy"]["value"], words, money(found["spec"]["currency"]))


def rivals(found: Found) -> list[tuple[Verdict, Written, str]]:
    """By how much the policy beats each simple one, what that one earns, and its key."""
    words: dict[Side, str] = {"above": "Earns more", "below": "Earns less", "either": NOT_ESTABLISHED}
    more, plain = money(found["spec"]["currency"], signed=True), money(found["spec"]["currency"])
    return [
        (_judged(found, _rival(key), one["advantage"], words, more), written(one["value"], plain), key)
        for key, one in sorted(found["policy"]["against"].items(), key=lambda item: _place(item[0]))
    ]


def hardest(found: Found) -> list[Verdict]:
    """The rivals that matter first: nobody, and of everybody and of highest risk first the action hardest to beat."""
    against, every = found["policy"]["against"], rivals(found)
    chosen = []
    for kind in ("treat_none", "treat_all", "highest_risk_first"):
        keys = [key for key in against if key.startswith(kind)]
        best = max(keys, key=lambda key: against[key]["value"]["value"])
        chosen += [verdict for verdict, _, key in every if key == best]
    return chosen


def advice(found: Found) -> str:
    """Whom the policy contacts, in a phrase."""
    policy = found["policy"]
    parts = [f"{action} for {number:,}" for action, number in policy["contacts_by_action"].items()]
    allowed = whole(policy["budget_share"])
    return (
        f"{' and '.join(parts)} of {policy['customers']:,} customers in the trial; at most {allowed} may be contacted"
    )


def _actions(found: Found) -> list[tuple[str, Found]]:
    return list(found["uplift"]["actions"].items())


def _judged(found: Found, of: str, figure: Found, words: Mapping[Side, str], unit: Unit = POINTS) -> Verdict:
    if standing(found) == "observational":
        return Verdict(of, NO_CLAIM, "open", written(figure, unit))
    where = side(figure)
    tone: Mapping[Side, Literal["good", "bad", "open"]] = {"above": "good", "below": "bad", "either": "open"}
    return Verdict(of, words[where], tone[where], written(figure, unit))


def _place(key: str) -> int:
    return next(place for place, kind in enumerate(_RIVALS) if key.startswith(kind))


def _rival(key: str) -> str:
    kind = list(_RIVALS)[_place(key)]
    return _RIVALS[kind].format(action=key.removeprefix(f"{kind}_"))
