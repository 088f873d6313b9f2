"""Charts for the pages, drawn by matplotlib as SVG: text stays text, and colours are those of the page's style sheet.

A chart is drawn in colours of this module; in its SVG each is the style sheet's variable of that name, so that dark
mode and print are the style sheet's. Equal figures give equal bytes.
"""

import re
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.messages.numbers import MINUS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

# The paper in pixels, and on it the box of the axes; the page shows it as wide as there is room.
WIDTH, HEIGHT = 460, 340
LEFT, RIGHT, TOP, BOTTOM = 50, 446, 40, 292
COLOURS = {
    "card": "#ffffff",
    "ink": "#1b2422",
    "soft": "#55625f",
    "rule": "#dcdfd9",
    "accent": "#0b6b68",
    "warm": "#9c4317",
    "second": "#7b4fa3",
}
DPI = 72  # so that a point of matplotlib is a pixel of the paper
FONT_SIZE = 13
LONGEST = 58  # so many letters of the largest print are as wide as the paper
STYLE: Mapping[str, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "holdfast",
    "path.simplify": False,
    "text.parse_math": False,  # a currency's $ is no formula
    "text.color": COLOURS["soft"],
    "font.family": "DejaVu Sans",  # it comes with matplotlib: measures do not depend on the machine's fonts
    "font.size": FONT_SIZE,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.edgecolor": COLOURS["soft"],
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": COLOURS["rule"],
    "lines.linewidth": 2.25,
    "lines.solid_joinstyle": "round",
    "xtick.labelcolor": COLOURS["soft"],
    "ytick.labelcolor": COLOURS["soft"],
    # A tick's mark is another tag of SVG, and says no more than its number.
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.minor.size": 0,
    "ytick.minor.size": 0,
}
LINE: Mapping[str, Any] = {"color": COLOURS["accent"]}
OTHER: Mapping[str, Any] = {"color": COLOURS["second"], "dashes": (3, 1.3)}
THIRD: Mapping[str, Any] = {"color": COLOURS["warm"], "dashes": (1.2, 1)}
DASHED: Mapping[str, Any] = {"color": COLOURS["soft"], "linewidth": 1.5, "dashes": (3.3, 2.7)}
WHISKER: Mapping[str, Any] = {"color": COLOURS["accent"], "linewidth": 1.75}
_LEFT_OUT = re.compile(
    r"<metadata>.*?</metadata>|<defs>.*?</defs>|<!--.*?-->"
    r'| (?:id|clip-path|transform)="[^"]*"|font: [^;"]*;? ?|font-(?:size|family): [^;"]*;? ?|\n',
    re.DOTALL,
)
_GROUP = re.compile(r"</?g/?>")
_NUMBER = re.compile(r"-?\d+\.\d+")
_PLACE = re.compile(r'(?<= )(d|x|y)="([^"]*)"')


@dataclass(frozen=True)
class Chart:
    """A chart: its unique name, its title, how to read it in a sentence, and what stands on its paper, as SVG.

    In svg words are escaped already, by matplotlib.
    """

    name: str
    title: str
    reading: str
    svg: str


def drawn(paint: Callable[["Axes"], None], *, x: str, y: str, right: float = RIGHT) -> str:
    """The SVG of a chart: paint draws on the axes, x and y are their labels, right is their right edge in pixels."""
    from matplotlib import style  # not at the top: who draws nothing need not wait for it
    from matplotlib.figure import Figure

    with style.context(["default", dict(STYLE)]), warnings.catch_warnings():
        # The page has fonts of its own for letters that the measuring one lacks.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure = Figure(figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI)
        box = LEFT / WIDTH, 1 - BOTTOM / HEIGHT, (right - LEFT) / WIDTH, (BOTTOM - TOP) / HEIGHT
        axes = figure.add_axes(box)
        axes.patch.set_visible(False)
        figure.patch.set_visible(False)
        paint(axes)
        figure.text(8 / WIDTH, 1 - 6 / HEIGHT, _in_a_line(y), verticalalignment="top")
        figure.text(RIGHT / WIDTH, 6 / HEIGHT, _in_a_line(x), horizontalalignment="right", verticalalignment="bottom")
        return _cleaned(_svg(figure))


def _in_a_line(words: str) -> str:
    """An axis label, shortened where it is wider than the chart; the caption has the full text."""
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1].rstrip()}\u2026"


def _svg(figure: "Figure") -> str:
    there = StringIO()
    figure.savefig(there, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    return there.getvalue()


def _cleaned(svg: str) -> str:
    """The content of an SVG without identifiers and fonts, its colours replaced by variables of the page's styles."""
    inner = svg[svg.index(">", svg.index("<svg")) + 1 : svg.rindex("</svg>")]
    inner = _LEFT_OUT.sub("", inner.replace("\nL", "L").replace("\nC", "C"))
    inner = _PLACE.sub(lambda found: f'{found[1]}="{_NUMBER.sub(_rounded, found[2])}"', inner)
    for name, colour in COLOURS.items():
        inner = inner.replace(colour, f"var(--{name})")
    return inner if "<g " in inner else _GROUP.sub("", inner).strip()


def _rounded(number: re.Match[str]) -> str:
    return f"{float(number[0]):.1f}".removesuffix(".0")


def in_percent(axis: "Axis") -> None:
    """Write the numbers of an axis of shares in per cent."""
    axis.set_major_formatter(lambda value, _: f"{100 * value:.10g}".replace("-", MINUS))


def shares(axes: "Axes", *, low: float = 0.0, high: float = 1.0) -> None:
    """Two axes of shares, both from low to high."""
    axes.set(xlim=(low, high), ylim=(low, high))
    in_percent(axes.xaxis)
    in_percent(axes.yaxis)


def taking_in(axes: "Axes", values: Iterable[float]) -> tuple[float, float]:
    """Scale the y axis, in shares, to contain all values; returns its limits, which are round numbers."""
    from matplotlib.ticker import MaxNLocator

    found = list(values)
    low, high = min(found), max(found)
    places = MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high if high > low else low + 0.1)
    axes.set_ylim(float(places[0]), float(places[-1]))
    axes.set_yticks(places)
    in_percent(axes.yaxis)
    return float(places[0]), float(places[-1])


def dot(axes: "Axes", x: float, y: float) -> None:
    """A dot at a place, with a rim that sets it apart from the line it is on: lines of no length, round at the ends."""
    for width, colour in ((11.0, "card"), (8.5, "accent")):
        axes.plot([x, x], [y, y], color=COLOURS[colour], linewidth=width, solid_capstyle="round", zorder=4)


def diamond(axes: "Axes", x: float, y: float) -> None:
    """A hollow diamond at a place; the ends of both axes must be set."""
    from matplotlib.patches import Polygon

    across, up = axes.transData.transform((x, y))
    corners = [(across, up + 5.5), (across + 5.5, up), (across, up - 5.5), (across - 5.5, up)]
    axes.add_patch(
        Polygon(
            corners,
            transform=None,
            facecolor=COLOURS["card"],
            edgecolor=COLOURS["warm"],
            linewidth=1.75,
            zorder=5,
        )
    )


def band(axes: "Axes", rows: Sequence[Mapping[str, Any]], *, over: str, colour: str = "accent") -> None:
    """The area between low and high of rows, over their column `over`."""
    places, low, high = ([row[name] for row in rows] for name in (over, "low", "high"))
    axes.fill([*places, *places[::-1]], [*low, *high[::-1]], color=COLOURS[colour], alpha=0.15, linewidth=0)


def in_rows(axes: "Axes", how_many: int) -> None:
    """Room for so many rows, the first at the top at 0, with lines to read the x axis by."""
    axes.set_ylim(how_many - 0.3, -0.7)
    axes.set_yticks([])
    axes.grid(visible=True, axis="x")


def said(
    axes: "Axes", words: str, place: tuple[float, float], *, by: tuple[float, float] = (0, 0), **style: Any
) -> None:
    """Words at a place, moved by so many pixels to the right and up."""
    axes.annotate(words, place, xytext=by, textcoords="offset points", **style)


def at_end(axes: "Axes", words: str, *, up: float = 0.0, **style: Any) -> None:
    """Words under the right end of the axes' box, or above its bottom by this share of its height."""
    style = {"horizontalalignment": "right", **style}
    axes.text(1.0, up, words, transform=axes.transAxes, **style)


def spread(wanted: Sequence[float], *, apart: float, low: float, high: float) -> list[float]:
    """Places from low to high, as near as can be to those wanted but so far apart from each other.

    wanted is sorted; where there are too many for the room, they stand as far apart as it allows.
    """
    if len(wanted) == 0:
        return []
    from sklearn.isotonic import isotonic_regression  # not at the top: a page without names waits for nothing

    steps = min(apart, (high - low) / max(1, len(wanted) - 1)) * np.arange(len(wanted))
    free = isotonic_regression(np.array(wanted) - steps, y_min=low, y_max=high - steps.max(initial=0))
    return [float(place) for place in free + steps]
