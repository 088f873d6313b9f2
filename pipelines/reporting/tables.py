"""The tables of the report: all figures, and feature importance."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp
from typing import Any

from pipelines.messages.numbers import (
    NO_BREAK,
    PLAIN,
    POINTS,
    Written,
    aligned,
    alone,
    titled,
    unit_of,
    written,
)
from pipelines.reporting.effects import is_randomised
from pipelines.reporting.judged_figures import JudgedFigure, Words, judged

Found = Mapping[str, Any]

_PERCENT = re.compile(r"(?<=\d)%")
MOST_FEATURES = 12
_EARNS = Words("texts earn their place", "texts make it worse", "texts are not shown to earn their place")
_BEATS = Words("it ranks better", "it ranks worse", "not shown to rank better")


@dataclass(frozen=True)
class FigureLine:
    """A line of the table of all figures; baseline is the figure of a model that predicts the average for everybody.

    figure is None where it is not measured; meaning then also says why.
    """

    name: str
    figure: Written | None
    baseline: str
    better: str
    meaning: str


@dataclass(frozen=True)
class FeatureShare:
    """A feature's importance: its share of all contributions to the risk, and the width of its bar in per cent."""

    name: str
    meaning: str
    share: str
    width: float


def figures(found: Found) -> list[tuple[str, list[FigureLine]]]:
    """Every figure of the report: the risk, then each action, then the policy.

    For actions that were not randomised only the adjusted difference is shown.
    """
    groups = [("Risk", _lines(found, found["risk"]))]
    if shares := balanced(found):
        name = f"Risk in the file, where {shares['in_file']} {found['spec']['label']['bad']}"
        groups.append((name, _lines(found, found["balanced_file"]["risk"])))
    if found["simple_scores"]:
        groups.append(("Against simple scores", _simple(found)))
    if "texts" in found:
        groups.append(("What texts are worth", _texts(found)))
    actions = found["uplift"]["actions"].items()
    if not is_randomised(found):
        return [
            *groups,
            *((f"Action: {name}, observational", _adjusted(found, one["figures"])) for name, one in actions),
        ]
    groups += [(f"Action: {name}", _lines(found, _of_whom(found, name, one["figures"]))) for name, one in actions]
    if found["policy"]:
        value = {**found["policy"]["value"], "unit": "currency", "better": "higher"}
        value["meaning"] = "what acting on the model's advice earns per customer, compared with contacting nobody"
        groups.append(("Policy", _lines(found, {"policy_value": value, **found["policy"].get("figures", {})})))
    return groups


def _of_whom(found: Found, action: str, figures: Found) -> dict[str, Found]:
    """The figures of an action; its average effect with a note that the whole trial's effect is a different figure."""
    if action not in found["uplift"]["trial"]:
        return dict(figures)
    whole = written(found["uplift"]["trial"][action], POINTS)
    meaning = (
        f"the average effect among the customers judged only ({found['cohort']['in_trial']:,} rows of the trial), "
        f"adjusted for their columns; the effect of {action} on "
        f"this page is that of the whole trial, {whole} ({whole.range})"
    )
    return {**figures, "ate": {**figures["ate"], "meaning": meaning}}


def _adjusted(found: Found, figures: Found) -> list[FigureLine]:
    """The only figure of an action that was not randomised: its adjusted difference."""
    meaning = "the association with the action, adjusted for known differences; not the effect of the action"
    return _lines(found, {"adjusted_difference": {**figures["ate"], "meaning": meaning}})


def _lines(found: Found, of: Mapping[str, Found]) -> list[FigureLine]:
    return _aligned([_line(name, figure, found["spec"]["currency"]) for name, figure in of.items()])


def _aligned(lines: Sequence[FigureLine]) -> list[FigureLine]:
    """The lines, those of one unit with the same decimals; figures without a unit keep theirs."""
    figures = [one.figure for one in lines]
    units = {(one.before, one.after) for one in figures if one} - {("", "")}
    for unit in units:
        of_unit = [one if one and (one.before, one.after) == unit else None for one in figures]
        figures = [new or old for new, old in zip(aligned(of_unit), figures, strict=True)]
    return [replace(one, figure=figure) for one, figure in zip(lines, figures, strict=True)]


def _simple(found: Found) -> list[FigureLine]:
    """Each simple score's AUC, and the model's lead over it."""
    lines = []
    for name, one in found["simple_scores"].items():
        alone = {**one["auc"], "unit": "auc", "better": "higher", "meaning": f"AUC of {name} alone"}
        more = {**one["advantage"], "unit": "auc", "better": "higher"}
        told = judged("", more, _BEATS, PLAIN).word
        more["meaning"] = f"the model's AUC less that of {name}: {told}"
        lines += _lines(found, {f"AUC of {name}": alone, f"above {name}": more})
    return lines


def _texts(found: Found) -> list[FigureLine]:
    """The AUC without what texts say, and what it loses."""
    told = found["texts"]
    fewer = {**told["auc"], "unit": "auc", "better": "higher"}
    fewer["meaning"] = "AUC of the same model, fitted on the same rows without what texts say"
    loss = {**told["loss"], "unit": "auc", "better": "higher"}
    loss["meaning"] = f"what AUC loses without it: {judged('', loss, _EARNS, PLAIN).word}"
    return _lines(found, {"AUC without texts": fewer, "lost without texts": loss})


def worth_of_texts(found: Found) -> JudgedFigure | None:
    """What AUC loses without what texts say, and whether they earn their place; None where it was not measured."""
    return judged("", found["texts"]["loss"], _EARNS, PLAIN) if "texts" in found else None


def _line(name: str, figure: Found, currency: str) -> FigureLine:
    unit, base = unit_of(name, figure, currency), figure.get("floor")
    if figure["value"] is None:
        meaning = f"{figure['meaning']}. Not measured: {figure['not_measured']}"
        return FigureLine(titled(name), None, "", figure["better"], meaning)
    error, value = figure["standard_error"], figure["value"]
    baseline = "" if base is None else alone(base, unit, standard_error=error, against=value)
    shown = written(figure, unit, against=base)
    return FigureLine(titled(name), shown, baseline, figure["better"], _spaced(figure["meaning"]))


def _spaced(meaning: str) -> str:
    """A meaning with a space before each per cent sign, as everywhere on the page."""
    return _PERCENT.sub(f"{NO_BREAK}%", meaning)


def balanced(found: Found) -> dict[str, str]:
    """The two churn rates of a file balanced by its outcome (in it, and stated), and a leaver's weight; else empty."""
    if "balanced_file" not in found:
        return {}
    shares = found["balanced_file"]
    weight = f"{exp(shares['log_odds']):.3g}"
    return {"stated": _exact(shares["stated"]), "in_file": _exact(shares["in_file"]), "weight": weight}


def importance(found: Found) -> tuple[list[FeatureShare], str]:
    """The most important features, and the sum of the others as text ("" where there are none)."""
    ranked = found["importance"]
    top = max((one["share"] for one in ranked), default=0.0) or 1.0
    widths = [(one, one["share"], round(100 * one["share"] / top, 1)) for one in ranked[:MOST_FEATURES]]
    shown = [FeatureShare(one["name"], one["meaning"], f"{100 * s:.0f}\u00a0%", width) for one, s, width in widths]
    rest = ranked[MOST_FEATURES:]
    return shown, f"{len(rest)} more, together {100 * sum(one['share'] for one in rest):.0f}\u00a0%" if rest else ""


def _exact(share: float) -> str:
    """A share that is known exactly, such as that in a file, in per cent with four significant digits."""
    return f"{100 * share:.4g}\u00a0%"
