"""The charts of an action's effect: what contacting more yields, and whether those said to gain most do."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.reporting.charts import Chart, Text, across, band, dot, line, upward, whisker

Found = Mapping[str, Any]


def charts(effect: Found, *, action: str, place: int, good: str) -> tuple[Chart, ...]:
    """The two charts of the action at a place among all; good is the word for the good outcome."""
    return (
        _gain(effect["gain"], action=action, place=place, good=good),
        _deciles(effect, action=action, place=place, good=good),
    )


def _gain(rows: Sequence[Found], *, action: str, place: int, good: str) -> Chart:
    x = across("% of customers contacted, highest predicted effect first")
    y = upward(f"points more who {good}, of all customers", [row[name] for row in rows for name in ("low", "high")])
    end = rows[-1]["gain"]
    return Chart(
        f"gain-{place}",
        f"{action}: gain by share contacted",
        f"How many more customers {good} with this share given {action}, with a 95 % band; the further it lies "
        "above the dashed line, the more the order is worth. Whether that is established, the QINI above says.",
        x,
        y,
        (
            band(x, y, rows, over="share"),
            line(x, y, [(0, 0), (1, end)], "dashed"),
            Text(x.end, y.end - 10, "── by predicted effect   ╌ in random order", "end"),
            line(x, y, [(row["share"], row["gain"]) for row in rows], "line"),
        ),
    )


def _deciles(effect: Found, *, action: str, place: int, good: str) -> Chart:
    groups, average = effect["deciles"], effect["figures"]["ate"]["value"]
    values = [group["observed"][name] for group in groups for name in ("low", "high")]
    values += [0.0, average, *(group["predicted"] for group in groups)]
    ranks = tuple(float(group["rank"]) for group in groups)
    x = across("group of customers, highest predicted effect first", 0.4, max(ranks) + 0.6, places=ranks)
    y = upward(f"points more who {good} with {action}", values)
    return Chart(
        f"deciles-{place}",
        f"{action}: group by group",
        "Dots are what was observed, with 95 % intervals, diamonds what was predicted; where the predicted order "
        "holds, the dots fall from left to right, as the diamonds do.",
        x,
        y,
        (
            line(x, y, [(x.low, 0), (x.high, 0)], "zero"),
            line(x, y, [(x.low, average), (x.high, average)], "dashed"),
            Text(x.end, y.end - 10, "● observed   ◇ predicted   ╌ average", "end"),
            *(whisker(x, y, group["rank"], group["observed"]) for group in groups),
            *(dot(x, y, (group["rank"], group["observed"]["value"])) for group in groups),
            *(dot(x, y, (group["rank"], group["predicted"]), "diamond") for group in groups),
        ),
    )
