"""Two models on the same rows: every figure of both, and the difference with its interval, taken inside each draw."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
from scipy.stats import norm

from experiments.cohort import Cohort, Mask
from experiments.delong import delong
from experiments.evaluation import FEWEST_IN_SLICE, Predictions, gain, roc
from experiments.holm import rejected
from experiments.intervals import Interval
from experiments.metric import Metric
from experiments.metrics.auc import METRIC as AUC
from experiments.metrics.brier import METRIC as BRIER
from experiments.metrics.calibration_error import METRIC as CALIBRATION_ERROR
from experiments.metrics.policy_value import METRIC as POLICY_VALUE
from experiments.metrics.qini import METRIC as QINI


@dataclass(frozen=True)
class Pair:
    """One figure of both models on the same rows; difference is challenger minus champion, at the gate's level."""

    challenger: float
    champion: float | None = None
    difference: Interval | None = None


@dataclass(frozen=True)
class SlicePair:
    """The AUC of both models in one slice."""

    name: str
    rows: int
    pair: Pair


def compare(cohort: Cohort, challenger: Predictions, champion: Predictions, *, alpha: float) -> dict[str, Pair]:
    """What the gate asks for: auc, brier, calibration_error and, with a trial, qini_<action> and policy_value.

    The interval of each difference has the level at which its lower bound is one-sided at alpha, in (0, 1).
    """
    level = 1 - 2 * alpha
    metrics = (AUC, BRIER, CALIBRATION_ERROR)
    found = {metric.name: _risk(cohort, metric, challenger, champion, level=level) for metric in metrics}
    if not cohort.actions:
        return found
    for action in cohort.actions:
        ours, theirs = (cohort.uplift(QINI, model.uplift[action], action) for model in (challenger, champion))
        found[f"qini_{action}"] = Pair(ours.point, theirs.point, (ours - theirs).interval(level=level))
    ours, theirs = (
        cohort.estimate(POLICY_VALUE, cohort.realised(cohort.choice(model.uplift)), mask=cohort.in_trial)
        for model in (challenger, champion)
    )
    found["policy_value"] = Pair(ours.point, theirs.point, (ours - theirs).interval(level=level))
    return found


def _risk(
    cohort: Cohort,
    metric: Metric,
    challenger: Predictions,
    champion: Predictions,
    *,
    level: float,
    mask: Mask | None = None,
) -> Pair:
    """A figure of the risk of both; AUC by DeLong where rows are independent and count the same."""
    if metric is AUC and cohort.one_row_a_customer and cohort.risk_weights is None:
        chosen = cohort.untreated if mask is None else cohort.untreated & mask
        paired = delong(cohort.churned[chosen], np.column_stack([challenger.score[chosen], champion.score[chosen]]))
        difference = paired.difference(0, 1, level=level).interval
        return Pair(float(paired.aucs[0]), float(paired.aucs[1]), difference)
    ours, theirs = (cohort.risk(metric, model.for_metric(metric), mask) for model in (challenger, champion))
    return Pair(ours.point, theirs.point, (ours - theirs).interval(level=level))


def compare_slices(
    cohort: Cohort, challenger: Predictions, champion: Predictions, *, alpha: float
) -> tuple[SlicePair, ...]:
    """The AUC of both in every slice that holds enough of both outcomes; alpha as for `compare`."""
    found = []
    for dimension, bands in cohort.slices().items():
        for name, mask in bands.items():
            truth = cohort.churned[mask & cohort.untreated]
            if min(truth.sum(), len(truth) - truth.sum()) >= FEWEST_IN_SLICE:
                pair = _risk(cohort, AUC, challenger, champion, level=1 - 2 * alpha, mask=mask)
                found.append(SlicePair(f"{dimension} {name}", int(mask.sum()), pair))
    return tuple(found)


def shown_worse(slices: Sequence[SlicePair], *, margin: float, alpha: float) -> tuple[tuple[float, bool], ...]:
    """For each slice, the p-value of "its AUC is worse by no more than the margin", and whether Holm rejects that.

    A slice that is rejected is shown to be worse. The p-value is NaN where a model has no AUC; then none is rejected.
    """
    p_values = [_p_value(one.pair, margin) for one in slices]
    worse = rejected(p_values, alpha=alpha) if all(map(isfinite, p_values)) else (False,) * len(p_values)
    return tuple(zip(p_values, worse, strict=True))


def _p_value(pair: Pair, margin: float) -> float:
    difference = pair.difference
    if difference is None or pair.champion is None:
        return float("nan")
    if difference.standard_error == 0:
        return 1.0 if difference.value >= -margin else 0.0
    return float(norm.cdf((difference.value + margin) / difference.standard_error))


def curves(cohort: Cohort, challenger: Predictions, champion: Predictions) -> dict[str, Any]:
    """The ROC curves of both and, with a trial, the gain curves of each action, their bands on the same draws."""
    both = {"challenger": challenger, "champion": champion}
    return {
        "roc": {who: roc(cohort, model) for who, model in both.items()},
        "gain": {
            action: {who: gain(cohort, model.uplift[action], action) for who, model in both.items()}
            for action in cohort.actions
        },
    }
