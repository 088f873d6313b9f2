"""What may be said of the actions: whether they help, whom, and what acting on the model's advice earns."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from experiments.policy_report import SAME_ACTIONS
from pipelines.reporting.numbers import NO_BREAK, POINTS, Unit, Written, alone, amount, money, whole, written
from pipelines.reporting.verdict import Verdict, Words, covers, judged

Found = Mapping[str, Any]
Standing = Literal["not measured", "observational", "by lot"]

NOT_ESTABLISHED = "Not established"
NO_CLAIM = "No claim"

_HELPS = Words("Helps", "Harms", NOT_ESTABLISHED)
_CHANGED = Words("Raised", "Lowered", NOT_ESTABLISHED)
_RANKS = Words("Yes", "The wrong way round", NOT_ESTABLISHED)
_PAYS = Words("Pays", "Loses", NOT_ESTABLISHED)
_BEATS = Words("Earns more", "Earns less", NOT_ESTABLISHED)

# In the order in which they are told; the report names a rival by its kind, "_" and the action.
_KINDS = {
    "treat_none": "nobody contacted",
    "treat_all": "{action} for everybody",
    "random": "{action} for {many} at random",
    "highest_risk_first": "{action} for {many}, highest risk first",
}


@dataclass(frozen=True)
class Rival:
    """A simple policy: its kind, what it earns per customer, and by how much the advice beats it."""

    kind: str
    earns: Written
    beaten_by: Verdict


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


def effects(found: Found) -> tuple[Verdict, ...]:
    """What each action changes on average.

    By lot the whole trial tells, plainly and best: it has more customers than the gate cohort. Where there was no
    lot its differences mislead, and only the doubly robust estimate of the gate cohort is shown.
    """
    if standing(found) != "by lot":
        return _by_action(found, "ate", _HELPS)
    return tuple(claimed(found, name, one, _HELPS, POINTS) for name, one in found["uplift"]["trial"].items())


def other_outcomes(found: Found) -> list[dict[str, Any]]:
    """What else was measured after the actions: means, differences and what the ranking adds, in its own unit."""
    return [
        {
            "meaning": one["meaning"],
            "actions": [_other(found, one, action) for action in one["trial"]],
            "missing": _missing(one.get("missing", {})),
        }
        for one in found["uplift"]["outcomes"].values()
    ]


def _missing(missing: Found) -> str:
    """How many rows lack an outcome, and what that may mean; empty where none does."""
    if not missing.get("rows"):
        return ""
    by_arm = ", ".join(f"{arm} {rows:,}" for arm, rows in missing["by_arm"].items())
    differ = (
        "differ in this: a difference may come from who is missing"
        if missing["differs"]
        else "do not differ in this beyond chance"
    )
    rows = f"{missing['rows']:,} of {missing['of']:,} rows, which are left out ({by_arm})"
    return f"It is missing in {rows}; the arms {differ} (p {missing['p']:.2g})."


def _other(found: Found, outcome: Found, action: str) -> dict[str, Any]:
    unit, one = outcome["unit"] or "", outcome["trial"][action]
    is_money = unit == found["spec"]["currency"]
    plain = money(unit) if is_money else Unit(after=f"{NO_BREAK}{unit}".rstrip(NO_BREAK))
    means = {name: alone(one[name], plain, standard_error=one["standard_error"]) for name in ("mean", "control_mean")}
    changed = replace(plain, signed=True)
    return {
        **means,
        "difference": claimed(found, action, one, _CHANGED, changed),
        "ranking": written(outcome["qini"][action], changed),
    }


def rankings(found: Found) -> tuple[Verdict, ...]:
    """Whether the model knows whom each action helps more."""
    return _by_action(found, "qini", _RANKS)


def earned(found: Found) -> Verdict:
    """What the advice earns per customer, compared with contacting nobody."""
    value, unit = found["policy"]["value"], money(found["spec"]["currency"])
    return claimed(found, "per customer, against nobody", value, _PAYS, unit)


def rivals(found: Found) -> list[Rival]:
    """The simple policies, kind by kind."""
    against = found["policy"]["against"]
    return [_rival(found, kind, key) for kind in _KINDS for key in against if key.startswith(kind)]


def hardest(found: Found) -> tuple[Verdict, ...]:
    """How the advice does against everybody and against highest risk first, each with the action hardest to beat."""
    every = [[one for one in rivals(found) if one.kind == kind] for kind in ("treat_all", "highest_risk_first")]
    best = [max(of_kind, key=lambda one: one.earns.exact).beaten_by for of_kind in every]
    return tuple(replace(one, of=f"against {one.of}") for one in best)


def advice(found: Found) -> str:
    """Whom the policy contacts, in a phrase."""
    policy = found["policy"]
    parts = [f"{action} for {number:,}" for action, number in policy["contacts_by_action"].items()]
    rows = "observations" if found["cohort"]["rows"] > found["cohort"]["customers"] else "customers"
    limits = "; ".join(_limits(found)) or "nothing limits it"
    return f"{', '.join(parts)} of {policy['customers']:,} {rows} in the trial; {limits}"


def _limits(found: Found) -> Iterator[str]:
    """What limits the policy among the rows judged, in phrases."""
    policy, limits = found["policy"], found["policy"]["limits"]
    if policy["budget_share"] < 1:
        yield f"at most {whole(policy['budget_share'])} may be contacted"
    for action in policy["contacts_by_action"]:
        if limits[f"capacity_{action}"] is not None:
            yield f"{action} has room for {limits[f'capacity_{action}']:,.0f}"
    if limits["money"] is not None:
        unit = money(found["spec"]["currency"])
        yield f"{amount(round(policy['spent'], 2), unit)} of {amount(round(limits['money'], 2), unit)} is spent"
    if barred := policy["customers"] - policy["may_be_contacted"]:
        yield f"{barred:,} must be left alone"


def is_limited(found: Found) -> bool:
    """Whether not everybody can be contacted with every action."""
    policy = found["policy"]
    rest = [limit for name, limit in policy["limits"].items() if name != "contacts"]
    return bool(policy["budget_share"] < 1 or any(limit is not None for limit in rest))


def _rival(found: Found, kind: str, key: str) -> Rival:
    one, currency = found["policy"]["against"][key], found["spec"]["currency"]
    room = one["contacts"] < found["policy"]["contacts"]
    many = f"the {one['contacts']:,} there is room for" if room else "as many"
    action = key.removeprefix(f"{kind}_")
    name = _KINDS[kind].format(action="the same actions" if action == SAME_ACTIONS else action, many=many)
    if kind == "treat_all" and is_limited(found):
        name += " (over budget)"
    verdict = claimed(found, name, one["advantage"], _BEATS, money(currency, signed=True))
    return Rival(kind, written(one["value"], money(currency)), verdict)


def _by_action(found: Found, metric: str, words: Words) -> tuple[Verdict, ...]:
    actions = found["uplift"]["actions"].items()
    return tuple(claimed(found, action, one["figures"][metric], words, POINTS) for action, one in actions)


def claimed(found: Found, of: str, figure: Found, words: Words, unit: Unit, *, against: float = 0.0) -> Verdict:
    """The verdict on a figure of an effect; where the data cannot show effects, the most that is said is "no claim"."""
    if standing(found) == "by lot" or covers(figure, against):
        return judged(of, figure, words, unit, against=against)
    return Verdict(of, NO_CLAIM, "open", written(figure, unit))
