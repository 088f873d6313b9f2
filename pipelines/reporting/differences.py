"""What the models compared came to: each figure of both, the difference, and the threshold that a rule set it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from experiments import metrics
from experiments.metric import Metric
from features.plugins import discover
from pipelines.messages.numbers import POINTS, Unit, Written, titled, unit_of, written
from pipelines.reporting.decision_words import decisive
from pipelines.reporting.judged_figures import Tone
from pipelines.reporting.versus import MOST_DECIMALS, Versus, chosen, drawn, finest, told, tone_of
from pipelines.ruling.answers import is_observational

Found = Mapping[str, Any]

# What a manager calls the figures that rules look at.
IN_WORDS = {
    "auc": "How well it ranks the risk",
    "brier": "How far its chances are from what happened",
    "calibration_error": "Gap between promised and observed",
    "miscalibration": "Gap between promised and observed, squared",
    "qini": "How well it knows whom the action helps",
    "policy_value": "What its advice earns per customer",
}


@dataclass(frozen=True)
class Compared:
    """A figure of both models as it is read; rule is empty where none demands anything of it.

    difference is None where a rule looks at the challenger alone, and champion where that has no figure. side and
    at say what the difference, or the challenger's own figure, has to be; smallest is what the rows could have shown.
    """

    figure: str
    name: str
    metric: str
    words: str
    meaning: str
    challenger: Written
    champion: Written | None
    difference: Written | None
    level: str
    rule: str
    side: str
    at: Written
    smallest: Written | None
    tone: Tone
    word: str
    drawn: Versus


def compared(decision: Found, currency: str) -> list[Compared]:
    """Every figure that a rule holds against a threshold, in the order of the rules, then those that none asks for.

    Of actions that were not randomised no figure is shown.
    """
    hidden = ("uplift", "policy") if is_observational(decision) else ()
    pairs = {name: one for name, one in decision["pairs"].items() if metric_of(name)[0].kind not in hidden}
    asked = list(thresholds(decision))
    left = {"figure": "", "at": 0.0, "better": "", "own": False, "smallest": None}
    judged = {one["figure"] for _, one in asked}
    asked += [("", {**left, "figure": name}) for name in pairs if name not in judged]
    shown = [(rule, one) for rule, one in asked if _is_shown(rule, one, pairs.get(one["figure"]))]
    status = {one["rule"]: one["status"] for one in decision["findings"]}
    return [
        _compared(pairs[one["figure"]], one, rule=rule, status=status.get(rule, ""), currency=currency)
        for rule, one in shown
    ]


def thresholds(decision: Found) -> Iterable[tuple[str, Found]]:
    """Each rule's code with each of its thresholds."""
    return ((one["rule"], asked) for one in decision["findings"] for asked in one["thresholds"])


def _is_shown(rule: str, asked: Found, pair: Found | None) -> bool:
    if pair is None or pair["challenger"] is None:
        return False
    if rule and asked["own"]:
        return True
    return pair["champion"] is not None and pair["difference"] is not None and None not in pair["difference"].values()


def metric_of(name: str) -> tuple[Metric, str]:
    """The metric of a figure's name, and the action: `qini_call` is the metric qini of call."""
    found = discover(metrics, Metric)
    if name in found:
        return found[name], ""
    metric = max((one for one in found.values() if name.startswith(f"{one.name}_")), key=lambda one: len(one.name))
    return metric, name.removeprefix(f"{metric.name}_")


def _compared(pair: Found, asked: Found, *, rule: str, status: str, currency: str) -> Compared:
    metric, action = metric_of(asked["figure"])
    better = asked["better"] or metric.better
    unit = replace(_unit(metric, currency), decimals=MOST_DECIMALS)
    difference, at = None if asked["own"] else pair["difference"], asked["at"]
    shown = difference or {"value": pair["challenger"], "low": pair["challenger"], "high": pair["challenger"]}
    tone = _tone(tone_of(shown, at, better=better), status, own=asked["own"])
    least = finest(shown, at)
    limit = chosen(at, unit, signed=difference is not None)
    sight = drawn(shown, at, better=better, tone=tone if rule else "open", shaded=bool(rule))
    return Compared(
        figure=asked["figure"],
        name=f"{titled(metric.name)} {action}".strip(),
        metric=titled(metric.name),
        words=f"{IN_WORDS.get(metric.name, titled(metric.name))}{f': {action}' if action else ''}",
        meaning=metric.meaning,
        challenger=told(pair["challenger"], unit, least),
        champion=None if pair["champion"] is None or not difference else told(pair["champion"], unit, least),
        difference=difference and written({**difference, "standard_error": least}, replace(unit, signed=True)),
        level=f"{100 * difference['level']:.4g}\u00a0%" if difference else "",
        rule=rule,
        side="more than" if better == "higher" else "less than",
        at=limit,
        smallest=None if asked["smallest"] is None else told(asked["smallest"], unit, least),
        tone=tone if rule else "open",
        word=_word(tone, status),
        drawn=replace(sight, zero=sight.zero if difference else None),
    )


def _unit(metric: Metric, currency: str) -> Unit:
    unit = unit_of(metric.name, {"unit": metric.unit, "better": metric.better}, currency)
    return replace(POINTS, signed=False) if unit is POINTS else unit


def _tone(tone: Tone, status: str, *, own: bool) -> Tone:
    """Bad is what breaks its rule: of a rule that holds by another figure, this one is only not shown."""
    if own and status == "unclear":
        return "open"
    return "open" if tone == "bad" and status in ("holds", "unclear") else tone


def _word(tone: Tone, status: str) -> str:
    """What a figure amounts to; status is that of its rule, "" where there is none."""
    if not status:
        return "no rule asks"
    return {"good": "holds", "bad": "broken", "open": "cannot tell" if status == "unclear" else "not shown"}[tone]


def deciding(decision: Found, rows: Sequence[Compared]) -> list[Compared]:
    """The figures on which it turned: those of the decisive findings, else those of the primary."""
    told = {one["rule"] for one in decisive(decision)}
    if told:
        return [row for row in rows if row.rule in told and row.tone != "good"]
    if decision["mode"] == "first":
        return [row for row in rows if row.rule]
    primaries = decision.get("primaries", [decision["primary"]])
    found = {row.figure: row for row in rows if row.rule and row.figure in primaries}
    return list(found.values())
