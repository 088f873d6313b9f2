"""Charts of the risk: customers found by share contacted, calibration, ROC, precision and recall."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipelines.messages.numbers import PLAIN, share, whole, written
from pipelines.reporting.charts import (
    COLOURS,
    DASHED,
    LINE,
    WHISKER,
    Chart,
    at_end,
    dot,
    drawn,
    in_percent,
    said,
    shares,
    taking_in,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Found = Mapping[str, Any]
Point = tuple[float, float]

STRONG: Mapping[str, Any] = {"color": COLOURS["ink"], "fontweight": "bold"}


def charts(found: Found) -> tuple[Chart, ...]:
    """The four charts of a report, in the order in which they are read."""
    return (_found(found), _calibration(found), _roc(found), _precision_recall(found))


def _found(found: Found) -> Chart:
    """The ROC curve by share contacted: with b the churn rate, b tpr + (1 - b) fpr of all are contacted to find tpr."""
    base, bad = found["cohort"]["churned_share"], found["spec"]["label"]["bad"]
    points = [(base * hit + (1 - base) * false, hit) for false, hit in _rates(found)]
    contacted, recall = _at_budget(found)
    words = f"{whole(contacted)} contacted, {share(recall, found['cohort']['positives'])} found"

    def paint(axes: "Axes") -> None:
        shares(axes)
        axes.plot([0, 1], [0, 1], **DASHED)
        said(axes, "in random order", (0.62, 0.5))
        axes.plot(*zip(*points, strict=True), **LINE)
        dot(axes, contacted, recall)
        said(axes, words, (contacted, recall), by=(12, -14), **STRONG)

    return Chart(
        "found",
        "Who is found",
        f"Contact more customers, from the highest risk down, and more of those who {bad} are among them; the higher "
        "the curve lies above the dashed line, the better the ranking.",
        drawn(paint, x="% of customers contacted, highest risk first", y=f"% found of all who {bad}"),
    )


def _rates(found: Found) -> list[Point]:
    return [(one["false_positive_rate"], one["true_positive_rate"]) for one in found["curves"]["roc"]]


def _at_budget(found: Found) -> Point:
    return found["spec"]["evaluation"]["contact_share"], found["risk"]["recall"]["value"]


def _roc(found: Found) -> Chart:
    label, base = found["spec"]["label"], found["cohort"]["churned_share"]
    contacted, recall = _at_budget(found)

    def paint(axes: "Axes") -> None:
        shares(axes)
        axes.plot([0, 1], [0, 1], **DASHED)
        said(axes, "guessing", (0.67, 0.58))
        axes.plot(*zip(*_rates(found), strict=True), **LINE)
        dot(axes, (contacted - base * recall) / (1 - base), recall)
        at_end(axes, f"AUC {written(found['risk']['auc'], PLAIN)}", up=0.05, **STRONG)

    return Chart(
        "roc",
        "ROC curve",
        f"Each point is a cut-off: how many who {label['bad']} it flags, against how many who {label['good']} it flags "
        "by mistake; the area under the curve is the AUC.",
        drawn(paint, x=f"% flagged of those who {label['good']}", y=f"% flagged of those who {label['bad']}"),
    )


def _precision_recall(found: Found) -> Chart:
    bad, base = found["spec"]["label"]["bad"], found["cohort"]["churned_share"]
    # At recall 0 the precision is 1 by convention, which is no measurement.
    points = [(one["recall"], one["precision"]) for one in found["curves"]["precision_recall"] if one["recall"] > 0]
    contacted, recall = _at_budget(found)
    precision = recall * base / contacted
    overall = f"everybody flagged: {share(base, found['cohort']['untreated_rows'])}"

    def paint(axes: "Axes") -> None:
        axes.set_xlim(0, 1)
        in_percent(axes.xaxis)
        low, high = taking_in(axes, [base, *(up for _, up in points), 0.0 if base < 0.5 else base])
        axes.plot([0, 1], [base, base], **DASHED)
        above = (base - low) / (high - low) < 0.12
        said(axes, overall, (0.02, base), by=(0, 6 if above else -17))
        axes.plot(*zip(*points, strict=True), **LINE)
        dot(axes, recall, precision)
        said(axes, f"{whole(contacted)} flagged", (recall, precision), by=(10, 8), **STRONG)

    return Chart(
        "precision-recall",
        "Precision and recall",
        f"To find more of those who {bad}, more customers have to be flagged, and a smaller share of these {bad}.",
        drawn(paint, x=f"% found of all who {bad} (recall)", y=f"% of those flagged who {bad} (precision)"),
    )


def _calibration(found: Found) -> Chart:
    bad, groups = found["spec"]["label"]["bad"], found["curves"]["calibration"]
    values = [group[name] for group in groups for name in ("predicted", "low", "high")]

    def paint(axes: "Axes") -> None:
        low, high = taking_in(axes, values)
        axes.set_xlim(low, high)
        axes.set_xticks(axes.get_yticks())
        in_percent(axes.xaxis)
        axes.plot([low, high], [low, high], **DASHED)
        at_end(axes, "dashed: as predicted", up=0.04)
        for group in groups:
            axes.plot([group["predicted"]] * 2, [group["low"], group["high"]], **WHISKER)
            dot(axes, group["predicted"], group["observed"])

    return Chart(
        "calibration",
        "Predicted and observed",
        f"Each dot is a group of customers with similar predictions: how many {bad}, with a 95 % interval, against the "
        "probability that the model predicted; on the dashed line both agree.",
        drawn(paint, x="predicted probability, %", y=f"% that {bad}"),
    )
