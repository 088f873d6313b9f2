"""AUC by lead time: how well the model ranks days before the label window, with all features and with single themes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from pipelines.messages.numbers import PERCENT, PLAIN, Written, aligned, between, titled, whole
from pipelines.reporting.charts import (
    BOTTOM,
    COLOURS,
    DASHED,
    LINE,
    OTHER,
    RIGHT,
    THIRD,
    TOP,
    Chart,
    band,
    drawn,
    said,
    spread,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Found = Mapping[str, Any]
Points = Sequence[Found]

ALL = "all"
GUESSING = 0.5
# Themes that the chart draws beside all features; the table has them all.
MOST_THEMES = 2
# The paper right of the lines, for their names; names stand a line of the largest print apart.
ROOM_FOR_NAMES = 120
NAMES_APART = 17.0


@dataclass(frozen=True)
class Caught:
    """The share of leavers found so many days ahead if this share of customers is contacted."""

    days: int
    contacted: str
    found: Written


@dataclass(frozen=True)
class Earliness:
    """The chart, its figures by theme (None where there were too few rows), and their summary.

    days are in descending order, as on the chart. ahead is the largest number of days at which the model is shown to
    rank better than guessing; None where it never is.
    """

    chart: Chart
    days: tuple[int, ...]
    themes: tuple[tuple[str, tuple[Written | None, ...]], ...]
    ahead: int | None
    caught: Caught | None


def earliness(found: Found) -> Earliness | None:
    """The section on earliness; None where the data have no dates."""
    early = found["earliness"]
    if not early:
        return None
    days = tuple(sorted(early["days"], reverse=True))
    themes = _ordered({name: [_at(points, day) for day in days] for name, points in early["themes"].items()})
    figures = aligned([between(one, PLAIN) if one else None for points in themes.values() for one in points])
    told = tuple(
        (_name(name), tuple(figures[place * len(days) : (place + 1) * len(days)])) for place, name in enumerate(themes)
    )
    ahead = [one["days"] for one in themes[ALL] if one and one["low"] > GUESSING]
    return Earliness(_chart(found, themes, days), days, told, max(ahead, default=None), _caught(early["caught"]))


def _ordered(themes: Mapping[str, list[Found | None]]) -> dict[str, list[Found | None]]:
    """All features first, then the themes by how well each ranks alone."""
    names = [ALL, *strongest(themes)]
    return {name: themes[name] for name in [*names, *sorted(set(themes) - set(names))]}


def _at(points: Points, day: int) -> Found | None:
    return next((one for one in points if one["days"] == day and one["value"] is not None), None)


def _name(theme: str) -> str:
    return "All features" if theme == ALL else titled(theme)


def _caught(caught: Found) -> Caught | None:
    if not caught or caught["value"] is None:
        return None
    return Caught(caught["days"], whole(caught["contact_share"]), between(caught, PERCENT))


def _chart(found: Found, themes: Mapping[str, Sequence[Found | None]], days: Sequence[int]) -> Chart:
    bad, good = found["spec"]["label"]["bad"], found["spec"]["label"]["good"]
    named = {ALL: themes[ALL], **{name: themes[name] for name in strongest(themes)[:MOST_THEMES]}}

    def paint(axes: "Axes") -> None:
        axes.set_xlim(max(days), min(days))
        axes.set_xticks(days)
        axes.axhline(GUESSING, **DASHED)
        for run in _runs(themes[ALL]):
            band(axes, run, over="days")
        for (name, points), style in zip(named.items(), (LINE, OTHER, THIRD), strict=False):
            for run in _runs(points):
                axes.plot([one["days"] for one in run], [one["value"] for one in run], label=name, **style)
        _name_lines(axes, named)

    lines = "the solid line, with a 95 % band, uses all features"
    also = " and ".join(f"{_name(name).lower()} alone" for name in list(named)[1:])
    return Chart(
        "earliness",
        "AUC by days before the window",
        f"How well customers who {bad} are ranked above those who {good} when the estimate is so many days earlier: "
        f"{lines}{f'; the others use {also}' if also else ''}. 0.5 is guessing, 1 is perfect.",
        drawn(paint, x="days before the window that counts", y="AUC", right=RIGHT - ROOM_FOR_NAMES),
    )


def strongest(themes: Mapping[str, Sequence[Found | None]]) -> list[str]:
    """The themes by how well each ranks alone, nearest the horizon; themes without a figure are left out."""
    last = {name: [one["value"] for one in points if one] for name, points in themes.items() if name != ALL}
    known = {name: values[-1] for name, values in last.items() if values}
    return sorted(known, key=lambda name: (-known[name], name))


def _runs(points: Sequence[Found | None]) -> list[list[Found]]:
    """Runs of consecutive points without a gap."""
    return [[one for one in run if one] for there, run in groupby(points, key=bool) if there]


def _name_lines(axes: "Axes", named: Mapping[str, Sequence[Found | None]]) -> None:
    """The name of each line right of its end, moved up or down where names would overlap."""
    last = {name: [one for one in points if one][-1] for name, points in named.items() if any(points)}
    low, high = axes.get_ylim()
    ends = sorted([(one["value"], _name(name)) for name, one in last.items()] + [(GUESSING, "Guessing")])
    apart = NAMES_APART * (high - low) / (BOTTOM - TOP)
    places = spread([height for height, _ in ends], apart=apart, low=low, high=high)
    colours = dict(zip(map(_name, named), ("accent", "second", "warm"), strict=False))
    for (_, name), place in zip(ends, places, strict=True):
        style = {"color": COLOURS[colours.get(name, "soft")], "fontweight": "bold" if name in colours else "normal"}
        said(axes, name, (min(axes.get_xlim()), place), by=(8, -4), annotation_clip=False, **style)
