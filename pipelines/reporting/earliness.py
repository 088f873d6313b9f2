"""How early the model knows: its ranking by the days that are still left, of all it sees and of one theme alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from pipelines.messages.numbers import PERCENT, PLAIN, Written, between, titled, whole
from pipelines.reporting.charts import (
    BOTTOM,
    LEFT,
    RIGHT,
    TOP,
    Axis,
    Chart,
    Mark,
    Path,
    Text,
    band,
    line,
    reach,
    spread,
)

Found = Mapping[str, Any]
Points = Sequence[Found]

ALL = "all"
GUESSING = 0.5
# The paper right of the lines, for their names; names stand a line of the largest print apart.
ROOM_FOR_NAMES = 130
NAMES_APART = 17.0


@dataclass(frozen=True)
class Caught:
    """The share of leavers found so many days ahead when this share of customers is contacted."""

    days: int
    contacted: str
    found: Written


@dataclass(frozen=True)
class Earliness:
    """The chart, its figures by theme (None where there were too few rows), and what they amount to.

    days fall, as on the chart. ahead is the most days at which the model certainly ranks better than guessing;
    None where it never does.
    """

    chart: Chart
    days: tuple[int, ...]
    themes: tuple[tuple[str, tuple[Written | None, ...]], ...]
    ahead: int | None
    caught: Caught | None


def earliness(found: Found) -> Earliness | None:
    """How early the model knows; None where the data hold no dates."""
    early = found["earliness"]
    if not early:
        return None
    days = tuple(sorted(early["days"], reverse=True))
    themes = {name: [_at(points, day) for day in days] for name, points in early["themes"].items()}
    told = tuple(
        (_name(name), tuple(between(one, PLAIN) if one else None for one in points)) for name, points in themes.items()
    )
    ahead = [one["days"] for one in themes[ALL] if one and one["low"] > GUESSING]
    return Earliness(_chart(found, themes, days), days, told, max(ahead, default=None), _caught(early["caught"]))


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
    known = {name: [one for one in points if one] for name, points in themes.items()}
    ends = [one[end] for one in known[ALL] for end in ("low", "high")]
    low, high = reach([GUESSING, *ends, *(one["value"] for points in known.values() for one in points)])
    end = RIGHT - ROOM_FOR_NAMES
    x = Axis("days before the horizon", max(days), min(days), LEFT, end, percent=False, places=tuple(days))
    y = Axis("AUC", low, high, BOTTOM, TOP, percent=False)
    lines = [path for name, points in themes.items() if name != ALL for path in _lines(x, y, points, "thin")]
    bands = [band(x, y, run, over="days") for run in _runs(themes[ALL])]
    return Chart(
        "earliness",
        "What it knows how early",
        f"How well customers who {bad} are told from those who {good} when the estimate is made so many days earlier: "
        "the bold line, with a 95 % band, from all features, each thin line from the features of one theme alone.",
        x,
        y,
        (
            line(x, y, [(x.low, GUESSING), (x.high, GUESSING)], "dashed"),
            *bands,
            *lines,
            *_lines(x, y, themes[ALL], "line"),
            *_names(x, y, known),
        ),
    )


def _runs(points: Sequence[Found | None]) -> list[list[Found]]:
    """The points that follow each other without a gap."""
    return [[one for one in run if one] for there, run in groupby(points, key=bool) if there]


def _lines(x: Axis, y: Axis, points: Sequence[Found | None], style: str) -> list[Path]:
    return [line(x, y, [(one["days"], one["value"]) for one in run], style) for run in _runs(points)]


def _names(x: Axis, y: Axis, known: Mapping[str, Points]) -> list[Mark]:
    """The name of each line right of it, moved up or down where names would overlap, and led to the line's end."""
    last = {name: min(points, key=lambda one: float(one["days"])) for name, points in known.items() if points}
    ends = [(y.at(one["value"]), x.at(one["days"]), _name(name)) for name, one in last.items()]
    ends = sorted([*ends, (y.at(GUESSING), x.end, "guessing")])
    places = spread([height for height, _, _ in ends], apart=NAMES_APART)
    marks: list[Mark] = []
    for (height, right, name), place in zip(ends, places, strict=True):
        marks.append(Path(f"M{right + 3:g} {height:g}L{x.end + 12:g} {place:g}", "leader"))
        marks.append(Text(x.end + 16, round(place + 4, 1), name, style="strong" if name == _name(ALL) else "quiet"))
    return marks
