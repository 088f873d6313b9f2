"""The charts of the risk: who is found, ROC, precision and recall, and whether the promised chances hold."""

from collections.abc import Mapping
from typing import Any

from pipelines.messages.numbers import PLAIN, share, whole, written
from pipelines.reporting.charts import Chart, Point, Text, across, dot, line, reach, upward, whisker

Found = Mapping[str, Any]


def charts(found: Found) -> tuple[Chart, ...]:
    """The four charts of a report, in the order in which they are read."""
    return (_found(found), _calibration(found), _roc(found), _precision_recall(found))


def _found(found: Found) -> Chart:
    """ROC in a manager's axes: with b the share that left, b tpr + (1 - b) fpr of all are contacted to find tpr."""
    base, bad = found["cohort"]["churned_share"], found["spec"]["label"]["bad"]
    roc = [(one["false_positive_rate"], one["true_positive_rate"]) for one in found["curves"]["roc"]]
    points = [(base * hit + (1 - base) * false, hit) for false, hit in roc]
    contacted, recall = _at_budget(found)
    x, y = across("% of customers contacted, highest risk first"), upward(f"% found of all who {bad}")
    words = f"{whole(contacted)} contacted, {share(recall, found['cohort']['positives'])} found"
    return Chart(
        "found",
        "Who is found",
        f"Contact more customers, from the highest risk down, and more of those who {bad} are among them; the higher "
        "the curve lies above the dashed line, the better the order.",
        x,
        y,
        (
            line(x, y, [(0, 0), (1, 1)], "dashed"),
            Text(x.at(0.67), y.at(0.6), "in random order"),
            line(x, y, points, "line"),
            dot(x, y, (contacted, recall)),
            Text(x.at(contacted) + 12, y.at(recall) + 14, words, style="strong"),
        ),
    )


def _at_budget(found: Found) -> Point:
    return found["spec"]["evaluation"]["contact_share"], found["risk"]["recall"]["value"]


def _roc(found: Found) -> Chart:
    label, base = found["spec"]["label"], found["cohort"]["churned_share"]
    roc = [(one["false_positive_rate"], one["true_positive_rate"]) for one in found["curves"]["roc"]]
    contacted, recall = _at_budget(found)
    x, y = across(f"% flagged of those who {label['good']}"), upward(f"% flagged of those who {label['bad']}")
    return Chart(
        "roc",
        "ROC",
        f"Each point is a cut-off: how many who {label['bad']} it flags, against how many who {label['good']} it flags "
        "by mistake; the area under the curve is the AUC.",
        x,
        y,
        (
            line(x, y, [(0, 0), (1, 1)], "dashed"),
            Text(x.at(0.67), y.at(0.6), "guessing"),
            line(x, y, roc, "line"),
            dot(x, y, ((contacted - base * recall) / (1 - base), recall)),
            Text(x.at(0.98), y.at(0.06), f"AUC {written(found['risk']['auc'], PLAIN)}", "end", "strong"),
        ),
    )


def _precision_recall(found: Found) -> Chart:
    bad, base = found["spec"]["label"]["bad"], found["cohort"]["churned_share"]
    # At no recall the precision is 1 by convention: that is no measurement.
    points = [(one["recall"], one["precision"]) for one in found["curves"]["precision_recall"] if one["recall"] > 0]
    contacted, recall = _at_budget(found)
    precision = recall * base / contacted
    values = [base, *(high for _, high in points), 0.0 if base < 0.5 else base]
    x, y = across(f"% found of all who {bad} (recall)"), upward(f"% of those flagged who {bad} (precision)", values)
    above = y.start - y.at(base) < 30
    overall = f"everybody flagged: {share(base, found['cohort']['untreated_rows'])}"
    return Chart(
        "precision-recall",
        "Precision and recall",
        f"To find more of those who {bad}, more have to be flagged, and a smaller part of these {bad}.",
        x,
        y,
        (
            line(x, y, [(0, base), (1, base)], "dashed"),
            Text(x.at(0.02), y.at(base) + (-8 if above else 18), overall),
            line(x, y, points, "line"),
            dot(x, y, (recall, precision)),
            Text(x.at(recall) + 10, y.at(precision) - 8, f"{whole(contacted)} flagged", style="strong"),
        ),
    )


def _calibration(found: Found) -> Chart:
    bad, groups = found["spec"]["label"]["bad"], found["curves"]["calibration"]
    values = [group[name] for group in groups for name in ("predicted", "low", "high")]
    low, high = reach(values)
    x, y = across("promised chance, %", low, high), upward(f"% that {bad}", values)
    return Chart(
        "calibration",
        "Promised and observed",
        f"Each dot is a group of like customers: how many {bad}, with a 95 % interval, against the chance that the "
        "model promised; on the dashed line it promised right.",
        x,
        y,
        (
            line(x, y, [(low, low), (high, high)], "dashed"),
            Text(x.end - 6, y.start - 10, "dashed: as promised", "end"),
            *(whisker(x, y, group["predicted"], group) for group in groups),
            *(dot(x, y, (group["predicted"], group["observed"])) for group in groups),
        ),
    )
