"""Charts of an action's effect: gain by share contacted, and predicted against observed effects by group."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipelines.reporting.charts import (
    COLOURS,
    DASHED,
    LINE,
    WHISKER,
    Chart,
    at_end,
    band,
    diamond,
    dot,
    drawn,
    in_percent,
    taking_in,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Found = Mapping[str, Any]


def charts(effect: Found, *, action: str, place: int, good: str) -> tuple[Chart, ...]:
    """The two charts of the action at a place among all; good is the word for the good outcome."""
    return (
        _gain(effect["gain"], action=action, place=place, good=good),
        _deciles(effect, action=action, place=place, good=good),
    )


def _gain(rows: Sequence[Found], *, action: str, place: int, good: str) -> Chart:
    end = rows[-1]["gain"]

    def paint(axes: "Axes") -> None:
        axes.set_xlim(0, 1)
        in_percent(axes.xaxis)
        taking_in(axes, [0.0, end, *(row[name] for row in rows for name in ("low", "high"))])
        band(axes, rows, over="share")
        axes.plot([0, 1], [0, end], **DASHED)
        axes.plot([row["share"] for row in rows], [row["gain"] for row in rows], **LINE)
        at_end(axes, "── by predicted effect   ╌ in random order", up=1.03)

    return Chart(
        f"gain-{place}",
        f"{action}: gain by share contacted",
        f"How many more customers {good} with this share given {action}, with a 95 % band; the further it lies "
        "above the dashed line, the better the ranking by effect; the QINI above says whether that is established. "
        "Both end at the average effect among the customers judged.",
        drawn(
            paint,
            x="% of customers contacted, highest predicted effect first",
            y=f"points more who {good}, of all customers",
        ),
    )


def _deciles(effect: Found, *, action: str, place: int, good: str) -> Chart:
    groups, average = effect["deciles"], effect["figures"]["ate"]["value"]
    values = [group["observed"][name] for group in groups for name in ("low", "high")]
    values += [0.0, average, *(group["predicted"] for group in groups)]
    ranks = [float(group["rank"]) for group in groups]

    def paint(axes: "Axes") -> None:
        axes.set_xlim(0.4, max(ranks) + 0.6)
        axes.set_xticks(ranks, [f"{rank:g}" for rank in ranks])
        taking_in(axes, values)
        axes.axhline(0, color=COLOURS["soft"], linewidth=1)
        axes.axhline(average, **DASHED)
        at_end(axes, "● observed   ◇ predicted   ╌ average", up=1.03)
        for group in groups:
            axes.plot([group["rank"]] * 2, [group["observed"]["low"], group["observed"]["high"]], **WHISKER)
            dot(axes, group["rank"], group["observed"]["value"])
            diamond(axes, group["rank"], group["predicted"])

    return Chart(
        f"deciles-{place}",
        f"{action}: group by group",
        "Dots are observed effects, with 95 % intervals, diamonds predicted ones; where the predicted ranking is "
        "right, the dots fall from left to right, as the diamonds do. Dashed: the average of the customers judged.",
        drawn(
            paint,
            x="group of customers, highest predicted effect first",
            y=f"points more who {good} with {action}",
        ),
    )
