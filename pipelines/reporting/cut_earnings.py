"""What each risk level earns, on the page: the cuts in use, whom they reach, and the curve of profit by cut."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.messages.numbers import Unit, Written, aligned, amount, count, money, share, written
from pipelines.reporting.charts import COLOURS, DASHED, LINE, Chart, at_end, dot, drawn, in_percent, said

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Found = Mapping[str, Any]

_NAMES = {
    "everybody": "everybody",
    "medium": "medium and high risk",
    "high": "high risk",
    "best_of_training": "from the best cut of training on",
}
_ORIGINS = {
    "spec": "as the spec says",
    "highest expected profit": "the cuts of the highest expected profit on training rows",
    "default": "the defaults, as the spec says none",
}


@dataclass(frozen=True)
class CutLine:
    """Whom a cut reaches, and what contacting them earns per customer judged."""

    name: str
    cut: str
    contacted: str
    of_all: str
    leavers: str
    profit: Written


@dataclass(frozen=True)
class Levels:
    """The section on the page: where the cuts are from, the best of training, a line for each, and the curve."""

    origin: str
    by: str | None
    segments: tuple[tuple[str, str, str], ...]
    best: str | None
    lines: tuple[CutLine, ...]
    chart: Chart


def levels(found: Found) -> Levels | None:
    """What each level earns; None in a report of before."""
    told = found.get("levels")
    if told is None:
        return None
    unit, used = money(found["spec"]["currency"]), told["in_use"]
    profits = aligned([written(one["profit"], unit) for one in told["earned"]])
    lines = tuple(_line(one, profit, found) for one, profit in zip(told["earned"], profits, strict=True))
    best = told["best_of_training"]
    segments = tuple((name, _cut(low), _cut(high)) for name, (low, high) in sorted(used.get("of", {}).items()))
    shown = None if best is None else f"medium from {_cut(best[0])}, high from {_cut(best[1])}"
    return Levels(_ORIGINS[used["origin"]], used.get("by"), segments, shown, lines, _chart(told, unit))


def _cut(probability: float) -> str:
    return f"{100 * probability:.3g} %"


def _line(one: Found, profit: Written, found: Found) -> CutLine:
    cut = "by segment" if one["cut"] is None else _cut(one["cut"])
    of_all = share(one["contacted_share"], found["cohort"]["untreated_rows"])
    return CutLine(_NAMES[one["name"]], cut, count(one["contacted"]), of_all, count(one["leavers"]), profit)


def _chart(told: Found, unit: Unit) -> Chart:
    cuts, profits = ([one[name] for one in told["curve"]] for name in ("cut", "profit"))
    marked = {one["name"]: (one["cut"], one["profit"]["value"]) for one in told["earned"] if one["cut"]}
    best = marked.get("best_of_training")
    edge = max([1e-6, *cuts])

    def paint(axes: "Axes") -> None:
        low, high = min([0.0, *profits]), max([0.0, *profits])
        room = 0.12 * (high - low) or 1.0
        axes.set(xlim=(0, edge), ylim=(low - room, high + room))
        in_percent(axes.xaxis)
        axes.yaxis.set_major_formatter(lambda value, _: amount(value, unit))
        axes.plot([0, edge], [0, 0], **DASHED)
        axes.plot(cuts, profits, **LINE)
        for name, by in (("medium", (8, 8)), ("high", (8, -18))):
            if name in marked and marked[name][0] <= edge:
                dot(axes, *marked[name])
                said(axes, name, marked[name], by=by, color=COLOURS["ink"], fontweight="bold")
        if best is not None:
            at_end(axes, f"best cut of training: {_cut(best[0])}", up=0.93)

    return Chart(
        "cut-earnings",
        "What each cut earns",
        "Contact everybody from this probability on: the profit per customer judged, by the campaign above. To the left"
        " many are contacted who would have stayed, to the right many who leave are missed.",
        drawn(paint, x="contacted from this probability on, %", y="profit per customer"),
    )
