"""Estimates of the metrics that a promotion rule asks for by name."""

from collections.abc import Collection

from experiments import metrics
from experiments.evaluation.cohort import Cohort
from experiments.evaluation.model_figures import Predictions, risk_metrics
from experiments.metric import Metric
from experiments.sections.evaluation import EvaluationSpec
from experiments.statistics.intervals import Estimate
from features.errors import MetricError
from features.plugins import discover


def all_metrics(asked: EvaluationSpec) -> dict[str, Metric]:
    """Every metric by name; the metrics of the risk take their parameters from the spec."""
    return {**discover(metrics, Metric), **risk_metrics(asked)}


def estimates(cohort: Cohort, model: Predictions, names: Collection[str]) -> dict[str, Estimate]:
    """The figures of a model on a cohort by metric name; a metric of effects gives one `NAME_action` for each action.

    One that is not defined on these rows is left out, and so are those of effects where nothing was tried.
    """
    found: dict[str, Estimate] = {}
    for name, metric in all_metrics(cohort.spec.evaluation).items():
        if name in names:
            try:
                found |= _figures(cohort, model, metric)
            except MetricError:
                continue
    return found


def _figures(cohort: Cohort, model: Predictions, metric: Metric) -> dict[str, Estimate]:
    if metric.kind in ("rank", "probability"):
        return {metric.name: cohort.risk(metric, model.for_metric(metric))}
    if not cohort.actions:
        return {}
    if metric.kind == "policy":
        earned = cohort.realised(cohort.choice(model.uplift))
        return {metric.name: cohort.estimate(metric, earned, mask=cohort.in_trial)}
    return {f"{metric.name}_{action}": cohort.uplift(metric, model.uplift[action], action) for action in cohort.actions}
