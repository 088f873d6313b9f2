"""The charts of a decision: both models' ROC curves and gain curves, one over the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipelines.reporting.charts import Chart, Mark, Point, Text, across, band, line, upward

Found = Mapping[str, Any]


@dataclass(frozen=True)
class Names:
    """What the two models are called on a chart."""

    challenger: str
    champion: str


def charts(curves: Found, spec: Found, names: Names) -> list[Chart]:
    """The ROC chart and one gain chart an action; none where there are no curves."""
    if not curves:
        return []
    gains = enumerate(curves["gain"].items())
    good = spec["label"]["good"]
    return [
        _roc(curves["roc"], spec["label"], names),
        *(_gain(both, action=action, place=place, good=good, names=names) for place, (action, both) in gains),
    ]


def _roc(both: Found, label: Found, names: Names) -> Chart:
    x, y = across(f"% flagged of those who {label['good']}"), upward(f"% flagged of those who {label['bad']}")
    return Chart(
        "roc",
        "ROC curves",
        f"How many who {label['bad']} each model flags, against how many who {label['good']} it flags by mistake; the "
        "higher curve ranks better, and the area under it is the AUC.",
        x,
        y,
        (
            line(x, y, [(0, 0), (1, 1)], "dashed"),
            line(x, y, _points(both["champion"]), "line other"),
            line(x, y, _points(both["challenger"]), "line"),
            Text(x.at(0.98), y.at(0.14), f"── {names.challenger}", "end", "strong first"),
            Text(x.at(0.98), y.at(0.07), f"╌╌ {names.champion}", "end", "strong second"),
        ),
    )


def _points(rows: Sequence[Found]) -> list[Point]:
    return [(one["false_positive_rate"], one["true_positive_rate"]) for one in rows]


def _gain(both: Found, *, action: str, place: int, good: str, names: Names) -> Chart:
    rows = [*both["challenger"], *both["champion"]]
    x = across("% of customers contacted, highest predicted effect first")
    y = upward(f"points more who {good}, of all customers", [row[end] for row in rows for end in ("low", "high")])
    end = both["challenger"][-1]["gain"]
    marks: tuple[Mark, ...] = (
        replace(band(x, y, both["champion"], over="share"), style="band other"),
        band(x, y, both["challenger"], over="share"),
        line(x, y, [(0, 0), (1, end)], "dashed"),
        line(x, y, [(row["share"], row["gain"]) for row in both["champion"]], "line other"),
        line(x, y, [(row["share"], row["gain"]) for row in both["challenger"]], "line"),
        Text(x.start + 6, y.end - 10, f"── {names.challenger}", "start", "strong first"),
        Text(x.end, y.end - 10, f"╌╌ {names.champion}", "end", "strong second"),
    )
    return Chart(
        f"gain-{place}",
        f"{action}: gain by share contacted",
        f"How many more customers {good} with this share given {action}, each curve with its own 95 % band, on the "
        "same draws of customers. Bands that overlap say little: the QINI above compares the two on each draw.",
        x,
        y,
        marks,
    )
