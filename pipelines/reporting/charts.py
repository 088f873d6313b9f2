"""Charts as shapes on paper: where lines, dots and words go; a template draws them as SVG, so they are text too."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil, floor, log10
from typing import Any, Literal

import numpy as np

from pipelines.messages.numbers import MINUS

WIDTH, HEIGHT = 460, 340
LEFT, RIGHT, TOP, BOTTOM = 50, 446, 40, 292

Anchor = Literal["start", "middle", "end"]
Point = tuple[float, float]


@dataclass(frozen=True)
class Axis:
    """One axis: what it says, its values from low to high on the paper from start to end; percent: shares.

    low is above high where values fall from start to end.
    """

    label: str
    low: float
    high: float
    start: float
    end: float
    percent: bool = True
    places: tuple[float, ...] = ()

    def at(self, value: float) -> float:
        """Where a value lies on the paper."""
        return round(self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start), 1)

    @cached_property
    def ticks(self) -> tuple[tuple[float, str], ...]:
        """The places on the paper that have a number, and the number."""
        step = step_between(*sorted((self.low, self.high)))
        first, last = ceil(self.low / step - 1e-9), floor(self.high / step + 1e-9)
        values = self.places or tuple(step * index for index in range(first, last + 1))
        return tuple((self.at(value), self._said(value)) for value in values)

    def _said(self, value: float) -> str:
        text = f"{100 * value if self.percent else value:.10g}"
        return text.replace("-", MINUS)


@dataclass(frozen=True)
class Path:
    """A line or an area: SVG path data, and a style of the style sheet."""

    data: str
    style: str


@dataclass(frozen=True)
class Dot:
    """A place marked by a dot, or by a diamond where the style is "diamond"."""

    x: float
    y: float
    style: str


@dataclass(frozen=True)
class Text:
    """Words at a place of the paper."""

    x: float
    y: float
    words: str
    anchor: Anchor = "start"
    style: str = "quiet"


Mark = Path | Dot | Text


@dataclass(frozen=True)
class Chart:
    """A chart: its title, how to read it in one sentence, its axes and its marks, later ones on top; name is unique."""

    name: str
    title: str
    reading: str
    x: Axis
    y: Axis
    marks: tuple[Mark, ...]

    @property
    def kinds(self) -> list[tuple[str, Mark]]:
        """The marks with the word for what they are."""
        return [(type(mark).__name__.lower(), mark) for mark in self.marks]


def across(label: str, low: float = 0.0, high: float = 1.0, *, places: tuple[float, ...] = ()) -> Axis:
    """The horizontal axis; places: the values that get a number, where those are not to be round ones."""
    return Axis(label, low, high, LEFT, RIGHT, percent=not places, places=places)


def upward(label: str, values: Iterable[float] = (0.0, 1.0)) -> Axis:
    """The vertical axis of shares, or of points of a share, that takes in all values."""
    low, high = reach(values)
    return Axis(label, low, high, BOTTOM, TOP)


def reach(values: Iterable[float]) -> tuple[float, float]:
    """Bounds that take in all values, at half steps between the numbers of an axis."""
    found = list(values)
    step = step_between(min(found), max(found)) / 2
    low, high = floor(min(found) / step + 1e-9) * step, ceil(max(found) / step - 1e-9) * step
    return low, max(high, low + step)


def step_between(low: float, high: float) -> float:
    """The round step, 1, 2 or 5 times a power of ten, that takes at most six from low to high."""
    rough = (high - low or abs(high) or 1.0) / 6
    power: float = 10.0 ** floor(log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.99)


def spread(wanted: Sequence[float], *, apart: float) -> list[float]:
    """Places on the paper from top to bottom, as near as can be to those wanted but so far apart from each other.

    wanted is sorted; where there are too many for the paper, they stand as far apart as it allows.
    """
    steps = min(apart, (BOTTOM - TOP) / max(1, len(wanted) - 1)) * np.arange(len(wanted))
    if len(wanted) == 0:
        return []
    from sklearn.isotonic import isotonic_regression  # not at the top: a page without names waits for nothing

    free = isotonic_regression(np.array(wanted) - steps, y_min=TOP, y_max=BOTTOM - steps.max(initial=0))
    return [round(float(place), 1) for place in free + steps]


def line(x: Axis, y: Axis, points: Iterable[Point], style: str) -> Path:
    """A line through points."""
    return Path("M" + "L".join(f"{x.at(a):g} {y.at(b):g}" for a, b in points), style)


def band(x: Axis, y: Axis, rows: Sequence[Mapping[str, float]], *, over: str) -> Path:
    """The area between low and high of rows, over their column `over`."""
    there = [(row[over], row["high"]) for row in rows]
    back = [(row[over], row["low"]) for row in reversed(rows)]
    return Path(line(x, y, [*there, *back], "band").data + "Z", "band")


def whisker(x: Axis, y: Axis, place: float, found: Mapping[str, Any]) -> Path:
    """The interval of a figure, upright at a place."""
    return line(x, y, [(place, found["low"]), (place, found["high"])], "whisker")


def dot(x: Axis, y: Axis, place: Point, style: str = "dot") -> Dot:
    """A dot at a point."""
    return Dot(x.at(place[0]), y.at(place[1]), style)
