"""Charts of a decision: the ROC curves and gain curves of both models, overlaid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.reporting.charts import (
    COLOURS,
    DASHED,
    LINE,
    OTHER,
    Chart,
    at_end,
    band,
    drawn,
    in_percent,
    shares,
    taking_in,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Found = Mapping[str, Any]

_FIRST: Mapping[str, Any] = {"color": COLOURS["accent"], "fontweight": "bold"}
_SECOND: Mapping[str, Any] = {"color": COLOURS["second"], "fontweight": "bold"}


@dataclass(frozen=True)
class Names:
    """The names of the two models on a chart."""

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
    def paint(axes: "Axes") -> None:
        shares(axes)
        axes.plot([0, 1], [0, 1], **DASHED)
        for who, style in (("champion", OTHER), ("challenger", LINE)):
            false, true = (_column(both[who], f"{name}_positive_rate") for name in ("false", "true"))
            axes.plot(false, true, **style)
        at_end(axes, f"── {names.challenger}", up=0.12, **_FIRST)
        at_end(axes, f"╌╌ {names.champion}", up=0.04, **_SECOND)

    return Chart(
        "roc",
        "ROC curves",
        f"How many who {label['bad']} each model flags, against how many who {label['good']} it flags by mistake; the "
        "higher curve ranks better, and the area under it is the AUC.",
        drawn(paint, x=f"% flagged of those who {label['good']}", y=f"% flagged of those who {label['bad']}"),
    )


def _column(rows: Sequence[Found], name: str) -> list[float]:
    return [row[name] for row in rows]


def _gain(both: Found, *, action: str, place: int, good: str, names: Names) -> Chart:
    rows, end = [*both["challenger"], *both["champion"]], both["challenger"][-1]["gain"]

    def paint(axes: "Axes") -> None:
        axes.set_xlim(0, 1)
        in_percent(axes.xaxis)
        taking_in(axes, [0.0, end, *(row[name] for row in rows for name in ("low", "high", "gain"))])
        band(axes, both["champion"], over="share", colour="second")
        band(axes, both["challenger"], over="share")
        axes.plot([0, 1], [0, end], **DASHED)
        for who, style in (("champion", OTHER), ("challenger", LINE)):
            axes.plot(_column(both[who], "share"), _column(both[who], "gain"), **style)
        at_end(axes, f"╌╌ {names.champion}", up=1.03, **_SECOND)
        axes.text(0.0, 1.03, f"── {names.challenger}", transform=axes.transAxes, **_FIRST)

    return Chart(
        f"gain-{place}",
        f"{action}: gain by share contacted",
        f"How many more customers {good} with this share given {action}, each curve with its own 95 % band, on the "
        "same bootstrap draws. Overlapping bands say little: the QINI above compares the two on each draw.",
        drawn(
            paint,
            x="% of customers contacted, highest predicted effect first",
            y=f"points more who {good}, of all customers",
        ),
    )
