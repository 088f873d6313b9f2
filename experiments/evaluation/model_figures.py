"""The evaluation of one model: every metric that the data allow, with intervals, as a plain report."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import precision_recall_curve, roc_curve

from experiments import metrics
from experiments.evaluation.cohort import Cohort, Mask
from experiments.metric import Metric, Numbers
from experiments.metrics.auc import METRIC as AUC
from experiments.metrics.expected_profit import Campaign, expected_profit_of
from experiments.metrics.lift import lift_at
from experiments.metrics.maximum_profit import maximum_profit_of
from experiments.metrics.recall import recall_at
from experiments.sections.evaluation import EvaluationSpec
from experiments.statistics import calibration, rounding
from experiments.statistics.calibration import Calibration
from experiments.statistics.intervals import Estimate
from experiments.uplift import uplift_curves
from features.errors import MetricError
from features.plugins import discover

SLICE_RISK = ("auc", "brier", "calibration_error")
SLICE_UPLIFT = ("ate", "qini")
FEWEST_IN_SLICE = 50
CURVE_POINTS = 200


@dataclass(frozen=True)
class Predictions:
    """A model's predictions for a cohort, shape (n_rows,) each: raw score, calibrated probability, uplift by action."""

    score: Numbers
    probability: Numbers
    uplift: Mapping[str, Numbers]

    @classmethod
    def of(cls, scored: pd.DataFrame, actions: Iterable[str]) -> "Predictions":
        """Predictions from the columns of a scorer, rounded; actions that the model does not know are left out."""
        told = {action: f"uplift_{action}" for action in actions if f"uplift_{action}" in scored}
        score, probability, *effects = (
            rounding.probabilities(scored[name].to_numpy(dtype=float))
            for name in ("churn_score", "churn_probability", *told.values())
        )
        return cls(score, probability, dict(zip(told, effects, strict=True)))

    def knowing(self, actions: Iterable[str]) -> "Predictions":
        """The same for these actions; an action that the model does not know has effect 0 and is never recommended."""
        nothing = np.zeros(len(self.score))
        return replace(self, uplift={action: self.uplift.get(action, nothing) for action in actions})

    def for_metric(self, metric: Metric) -> Numbers:
        """The prediction that a metric of the risk uses: raw score for rankings, else calibrated probability."""
        return self.score if metric.kind == "rank" else self.probability


def risk_metrics(asked: EvaluationSpec) -> dict[str, Metric]:
    """Every metric of the risk, lift and recall at the contact budget, profits by the spec's campaign."""
    found = {name: one for name, one in discover(metrics, Metric).items() if one.kind in ("rank", "probability")}
    campaign = Campaign(**asked.campaign.model_dump())
    found |= {"lift": lift_at(asked.contact_share), "recall": recall_at(asked.contact_share)}
    return found | {"expected_profit": expected_profit_of(campaign), "maximum_profit": maximum_profit_of(campaign)}


def uplift_metrics() -> dict[str, Metric]:
    """Every metric of the uplift."""
    return {name: one for name, one in discover(metrics, Metric).items() if one.kind == "uplift"}


def figure(metric: Metric, found: Estimate) -> dict[str, Any]:
    """A figure with its interval and its meaning."""
    return {**found.interval().to_dict(), "meaning": metric.meaning, "better": metric.better, "unit": metric.unit}


def _measured(metric: Metric, measure: Callable[[], Estimate]) -> dict[str, Any]:
    """The figure; where it is undefined on these rows its numbers are None and not_measured gives the reason."""
    try:
        return figure(metric, measure())
    except MetricError as error:
        nothing = dict.fromkeys(("value", "low", "high", "standard_error"))
        told = {"meaning": metric.meaning, "better": metric.better, "unit": metric.unit}
        return {**nothing, **told, "not_measured": str(error)}


def risk(cohort: Cohort, challenger: Predictions, floor: Predictions) -> dict[str, Any]:
    """Every figure of the risk, with the prior model's figure beside it where that is defined.

    One that is not defined on these rows stops nothing: its value, bounds and error are None, and not_measured says
    why. So it is with the calibration slope of a constant probability, or of one that tells all outcomes.
    """
    found = {}
    for name, metric in risk_metrics(cohort.spec.evaluation).items():
        found[name] = _measured(metric, partial(cohort.risk, metric, challenger.for_metric(metric)))
        found[name]["floor"] = _floor(cohort, metric, floor)
    found["miscalibration"] |= _miscalibration(cohort, challenger)
    if cohort.one_row_a_customer:
        found["auc"] |= cohort.auc_intervals(challenger.score[:, None], level=0.95)[0].to_dict()
    return found


def _miscalibration(cohort: Cohort, challenger: Predictions) -> dict[str, Any]:
    """The miscalibration with a cluster-robust interval; `gap` holds the square roots, on the scale of shares."""
    told = cohort.miscalibration(challenger.probability).interval(0, level=0.95).to_dict()
    gap = {part: float(np.sqrt(max(float(told[part]), 0.0))) for part in ("value", "low", "high")}
    return {**told, "gap": gap}


def simple_scores(cohort: Cohort, challenger: Predictions) -> dict[str, Any]:
    """The AUC of each simple score of the spec, and the challenger's lead over it on the same draws."""
    ours = cohort.risk(AUC, challenger.score)
    found = {}
    for name in cohort.spec.evaluation.floors:
        theirs = cohort.risk(AUC, simple_score(cohort, name))
        found[name] = {"auc": theirs.interval().to_dict(), "advantage": (ours - theirs).interval().to_dict()}
    return found


def simple_score(cohort: Cohort, name: str) -> Numbers:
    """The simple score of this name in the spec; higher means riskier; shape (n_rows,)."""
    floor = cohort.spec.evaluation.floors[name]
    total = cohort.rows[list(floor.columns)].fillna(0.0).sum(axis=1).to_numpy(dtype=float)
    return -total if floor.falling else np.asarray(total)


def as_in_file(cohort: Cohort, challenger: Predictions) -> dict[str, Any]:
    """What is known of a balanced file: both shares, weights, and every figure of the risk as it is in the file.

    There a probability is the one that the rows alone would give, and every row counts once. Empty without a prior.
    """
    balance, spec = cohort.balance, cohort.spec
    if balance is None:
        return {}
    label = spec.label.model_copy(update={"prior": None})
    plain = Cohort(cohort.rows, spec.model_copy(update={"label": label}), cohort.listed)
    model = replace(challenger, probability=Calibration(1.0, -balance.shift).apply(challenger.probability))
    figures = {
        name: _measured(metric, partial(plain.risk, metric, model.for_metric(metric)))
        for name, metric in risk_metrics(spec.evaluation).items()
    }
    told = {"stated": balance.stated, "in_file": balance.in_file, "log_odds": balance.shift}
    return {**told, "judged": plain.churned_share(plain.untreated), "risk": figures}


def _floor(cohort: Cohort, metric: Metric, floor: Predictions) -> float | None:
    try:
        return cohort.risk_figure(metric, floor.for_metric(metric))
    except MetricError:
        return None  # a constant has no slope to speak of


def curves(cohort: Cohort, challenger: Predictions) -> dict[str, Any]:
    """ROC, precision and recall, and calibration, as lists of points."""
    truth, weights = cohort.churned[cohort.untreated], cohort.weights_of(cohort.untreated)
    precision, recall, _ = precision_recall_curve(truth, challenger.score[cohort.untreated], sample_weight=weights)
    bins = calibration.reliability(truth, challenger.probability[cohort.untreated], weights=weights)
    return {
        "roc": roc(cohort, challenger),
        "precision_recall": _thinned(recall=recall[::-1], precision=precision[::-1]),
        "calibration": [asdict(one) for one in bins],
    }


def roc(cohort: Cohort, model: Predictions) -> list[dict[str, float]]:
    """The ROC curve of the risk on the untreated rows, by weight, as a list of points."""
    rows = cohort.untreated
    weights = cohort.weights_of(rows)
    false_positive, true_positive, _ = roc_curve(cohort.churned[rows], model.score[rows], sample_weight=weights)
    return _thinned(false_positive_rate=false_positive, true_positive_rate=true_positive)


def _thinned(**columns: Numbers) -> list[dict[str, float]]:
    """At most CURVE_POINTS points, including the first and the last."""
    size = len(next(iter(columns.values())))
    kept = np.unique(np.linspace(0, size - 1, CURVE_POINTS).round().astype(int))
    return [{name: float(values[place]) for name, values in columns.items()} for place in kept]


def gain(cohort: Cohort, predicted: Numbers, action: str) -> list[dict[str, float]]:
    """The gain curve of an action with its 95 % band, on the draws that all models share; predicted: (n_rows,)."""
    curve = uplift_curves.gain_curve(
        cohort.gamma[:, cohort.actions.index(action)],
        predicted[cohort.in_trial],
        counts=cohort.counts,
        clusters=cohort.clusters_of(cohort.in_trial),
    )
    return [
        {"share": float(q), "gain": float(v), "low": float(low), "high": float(high)}
        for q, v, low, high in zip(curve.share, curve.value, curve.low, curve.high, strict=True)
    ]


def effects(cohort: Cohort, challenger: Predictions) -> dict[str, Any]:
    """The figures of each action's uplift, its gain curve with a band, and the uplift by decile."""
    return {action: _effect(cohort, challenger.uplift[action], action) for action in cohort.actions}


def _effect(cohort: Cohort, predicted: Numbers, action: str) -> dict[str, Any]:
    gamma = cohort.gamma[:, cohort.actions.index(action)]
    of_trial = predicted[cohort.in_trial]
    clusters = cohort.clusters_of(cohort.in_trial)
    figures = {
        name: _measured(metric, partial(cohort.uplift, metric, predicted, action))
        for name, metric in uplift_metrics().items()
    }
    groups = uplift_curves.uplift_groups(gamma, of_trial, counts=cohort.counts, clusters=clusters)
    return {
        "figures": figures,
        "gain": gain(cohort, predicted, action),
        "deciles": [{**asdict(one), "observed": one.observed.to_dict()} for one in groups],
    }


def slices(cohort: Cohort, challenger: Predictions) -> dict[str, list[dict[str, Any]]]:
    """The main figures for each slice; None for a slice that is too small or holds one outcome only."""
    return {
        dimension: [_slice(cohort, challenger, name, mask) for name, mask in bands.items()]
        for dimension, bands in cohort.slices().items()
    }


def _slice(cohort: Cohort, challenger: Predictions, name: str, mask: Mask) -> dict[str, Any]:
    untreated = cohort.churned[mask & cohort.untreated]
    row: dict[str, Any] = {
        "name": name,
        "rows": int(mask.sum()),
        "untreated_rows": len(untreated),
        "in_trial": int((mask & cohort.in_trial).sum()),
        "churned_share": cohort.churned_share(mask & cohort.untreated) if len(untreated) else None,
        "risk": {},
        "uplift": {},
    }
    of_risk, of_uplift = risk_metrics(cohort.spec.evaluation), uplift_metrics()
    if min(untreated.sum(), len(untreated) - untreated.sum()) >= FEWEST_IN_SLICE:
        for metric in (of_risk[name] for name in SLICE_RISK):
            row["risk"][metric.name] = cohort.risk(metric, challenger.for_metric(metric), mask).interval().to_dict()
    if cohort.actions and (mask & cohort.in_trial).sum() >= 10 * FEWEST_IN_SLICE:
        for action in cohort.actions:
            row["uplift"][action] = {
                metric.name: cohort.uplift(metric, challenger.uplift[action], action, mask).interval().to_dict()
                for metric in (of_uplift[name] for name in SLICE_UPLIFT)
            }
    return row
