"""The figures of both models in a decision: values, difference, and the threshold that a rule sets."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from experiments import metrics
from experiments.metric import Metric
from features.plugins import discover
from pipelines.messages.numbers import POINTS, Unit, Written, titled, unit_of, written
from pipelines.reporting.decision_words import decisive
from pipelines.reporting.difference_bars import (
    MOST_DECIMALS,
    DifferenceBar,
    difference_bar,
    rounding_step,
    tone_of,
    written_alone,
    written_threshold,
)
from pipelines.reporting.judged_figures import Tone
from pipelines.ruling.answers import is_observational

Found = Mapping[str, Any]

# Plain names of the figures that rules use.
IN_WORDS = {
    "auc": "How well it ranks the risk",
    "brier": "How far its probabilities are from the outcomes",
    "calibration_error": "Gap between predicted and observed, including what chance adds",
    "miscalibration": "Gap between predicted and observed, squared",
    "qini": "How well it ranks customers by effect",
    "policy_value": "What its advice earns per customer",
}


@dataclass(frozen=True)
class ComparedFigure:
    """A figure of both models, formatted; rule is "" where no rule has a threshold for it.

    difference is None where a rule judges the challenger alone; champion is None where it has no such figure. side and
    at are the threshold for the difference, or for the challenger's own figure; smallest is the smallest difference
    that so many rows can show (power 80 %).
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
    difference_bar: DifferenceBar


def compared_figures(decision: Found, currency: str) -> list[ComparedFigure]:
    """Every figure with a threshold, in the order of the rules, then the figures without one.

    Figures of actions that were not randomised are left out.
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
        _compared_figure(pairs[one["figure"]], one, rule=rule, status=status.get(rule, ""), currency=currency)
        for rule, one in shown
    ]


def thresholds(decision: Found) -> Iterable[tuple[str, Found]]:
    """All thresholds, each with its rule's code."""
    return ((one["rule"], asked) for one in decision["findings"] for asked in one["thresholds"])


def _is_shown(rule: str, asked: Found, pair: Found | None) -> bool:
    if pair is None or pair["challenger"] is None:
        return False
    if rule and asked["own"]:
        return True
    return pair["champion"] is not None and pair["difference"] is not None and None not in pair["difference"].values()


def metric_of(name: str) -> tuple[Metric, str]:
    """The metric and the action of a figure's name: `qini_call` is the metric qini of the action call."""
    found = discover(metrics, Metric)
    if name in found:
        return found[name], ""
    metric = max((one for one in found.values() if name.startswith(f"{one.name}_")), key=lambda one: len(one.name))
    return metric, name.removeprefix(f"{metric.name}_")


def _compared_figure(pair: Found, asked: Found, *, rule: str, status: str, currency: str) -> ComparedFigure:
    metric, action = metric_of(asked["figure"])
    better = asked["better"] or metric.better
    unit = replace(_unit(metric, currency), decimals=MOST_DECIMALS)
    difference, at = None if asked["own"] else pair["difference"], asked["at"]
    shown = difference or {"value": pair["challenger"], "low": pair["challenger"], "high": pair["challenger"]}
    tone = _tone(tone_of(shown, at, better=better), status, own=asked["own"])
    least = rounding_step(shown, at)
    limit = written_threshold(at, unit, signed=difference is not None)
    sight = difference_bar(shown, at, better=better, tone=tone if rule else "open", shaded=bool(rule))
    return ComparedFigure(
        figure=asked["figure"],
        name=f"{titled(metric.name)} {action}".strip(),
        metric=titled(metric.name),
        words=f"{IN_WORDS.get(metric.name, titled(metric.name))}{f': {action}' if action else ''}",
        meaning=metric.meaning,
        challenger=written_alone(pair["challenger"], unit, least),
        champion=None if pair["champion"] is None or not difference else written_alone(pair["champion"], unit, least),
        difference=difference and written({**difference, "standard_error": least}, replace(unit, signed=True)),
        level=f"{100 * difference['level']:.4g}\u00a0%" if difference else "",
        rule=rule,
        side="more than" if better == "higher" else "less than",
        at=limit,
        smallest=None if asked["smallest"] is None else written_alone(asked["smallest"], unit, least),
        tone=tone if rule else "open",
        word=_word(tone, status),
        difference_bar=replace(sight, zero=sight.zero if difference else None),
    )


def _unit(metric: Metric, currency: str) -> Unit:
    unit = unit_of(metric.name, {"unit": metric.unit, "better": metric.better}, currency)
    return replace(POINTS, signed=False) if unit is POINTS else unit


def _tone(tone: Tone, status: str, *, own: bool) -> Tone:
    """The tone by the rule's status: bad only where the rule is broken; where it holds by another figure, open."""
    if own and status == "unclear":
        return "open"
    return "open" if tone == "bad" and status in ("holds", "unclear") else tone


def _word(tone: Tone, status: str) -> str:
    """The verdict on a figure in a word or two; status is that of its rule, "" where there is none."""
    if not status:
        return "no rule"
    return {
        "good": "passes the rule",
        "bad": "breaks the rule",
        "open": "inconclusive" if status == "unclear" else "not shown",
    }[tone]


def deciding(decision: Found, rows: Sequence[ComparedFigure]) -> list[ComparedFigure]:
    """The figures that decided: those of the decisive findings, else the primary figures."""
    rules = {one["rule"] for one in decisive(decision)}
    if rules:
        return [row for row in rows if row.rule in rules and row.tone != "good"]
    if decision["mode"] == "first":
        return [row for row in rows if row.rule]
    primaries = decision.get("primaries", [decision["primary"]])
    found = {row.figure: row for row in rows if row.rule and row.figure in primaries}
    return list(found.values())
