"""Paired comparison of two models on the same rows: both figures, and their difference with an interval."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from math import isfinite, nan
from typing import Any

import numpy as np
from scipy.stats import norm

from experiments.evaluation.cohort import Cohort, Mask
from experiments.evaluation.model_figures import Predictions, gain, roc, simple_score
from experiments.evaluation.requested_metrics import estimates
from experiments.metric import Metric
from experiments.metrics.auc import METRIC as AUC
from experiments.metrics.brier import METRIC as BRIER
from experiments.metrics.policy_value import METRIC as POLICY_VALUE
from experiments.metrics.qini import METRIC as QINI
from experiments.statistics.delong import delong
from experiments.statistics.holm import rejected
from experiments.statistics.intervals import Interval

# What is compared anyway where actions were tried.
STANDARD = (QINI.name, POLICY_VALUE.name)
# With fewer rows of the rarer outcome, the normal interval of a difference of AUCs does not hold.
FEWEST_JUDGED = 30


@dataclass(frozen=True)
class Pair:
    """One figure of both models on the same rows; difference is challenger minus champion, at the gate's level."""

    challenger: float
    champion: float | None = None
    difference: Interval | None = None


@dataclass(frozen=True)
class SlicePair:
    """The AUC of both models in one slice; None where fewer than FEWEST_JUDGED rows have the rarer outcome."""

    name: str
    rows: int
    rarer: int
    pair: Pair | None


@dataclass(frozen=True)
class SliceJudgement:
    """The verdict on a slice: worse, no worse than the margin, or neither; p tests "the AUC is no worse at all"."""

    p: float
    worse: bool
    no_worse: bool


def compare(
    cohort: Cohort,
    challenger: Predictions,
    champion: Predictions,
    *,
    alpha: float,
    share: float | None = None,
    asked: Collection[str] = (),
) -> dict[str, Pair]:
    """The pairs that the gate needs: auc, brier, miscalibration and, with a trial, qini_<action> and policy_value.

    Any other metric is there where asked names it, one of effects as NAME_<action>.

    The interval of each difference has the level at which its lower bound is one-sided at alpha, in (0, 1). With a
    share, policy_value_kept is there too: its difference is the challenger's policy value less that share of the
    champion's.
    """
    level = 1 - 2 * alpha
    found = {metric.name: _risk(cohort, metric, challenger, champion, level=level) for metric in (AUC, BRIER)}
    found["miscalibration"] = _miscalibration(cohort, challenger, champion, level=level)
    more = [estimates(cohort, model, set(asked) - {*found, *STANDARD}) for model in (challenger, champion)]
    for name in sorted(more[0].keys() & more[1].keys()):
        ours, theirs = (one[name] for one in more)
        found[name] = Pair(ours.point, theirs.point, (ours - theirs).interval(level=level))
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
    if share is not None:
        found["policy_value_kept"] = Pair(ours.point, theirs.point, (ours - theirs * share).interval(level=level))
    return found


def worth(
    cohort: Cohort, challenger: Predictions, floor: Predictions, *, randomised: bool, alpha: float
) -> dict[str, Pair]:
    """A model against trivial baselines: auc and brier against the prior model, policy_value against doing nothing.

    floor is the prior model; without randomisation the policy has no figure; alpha as for `compare`.
    """
    level = 1 - 2 * alpha
    found = {metric.name: _risk(cohort, metric, challenger, floor, level=level) for metric in (AUC, BRIER)}
    if randomised:
        earned = cohort.estimate(POLICY_VALUE, cohort.realised(cohort.choice(challenger.uplift)), mask=cohort.in_trial)
        found["policy_value"] = Pair(earned.point, 0.0, earned.interval(level=level))
    return found


def floors(cohort: Cohort, challenger: Predictions, *, alpha: float) -> dict[str, Pair]:
    """The AUC of the challenger and of each simple score of the spec, by the score's name; alpha as for `compare`."""
    found = {}
    for name in cohort.spec.evaluation.floors:
        simple = replace(challenger, score=simple_score(cohort, name))
        found[name] = _risk(cohort, AUC, challenger, simple, level=1 - 2 * alpha)
    return found


def calibration(cohort: Cohort, model: Predictions, *, alpha: float) -> Interval:
    """The miscalibration of one model; each bound is one-sided at level alpha."""
    return cohort.miscalibration(model.probability).interval(0, level=1 - 2 * alpha)


def _miscalibration(cohort: Cohort, challenger: Predictions, champion: Predictions, *, level: float) -> Pair:
    found = cohort.miscalibration(challenger.probability, champion.probability)
    return Pair(found.value(0), found.value(1), found.difference(0, 1, level=level))


def _risk(
    cohort: Cohort,
    metric: Metric,
    challenger: Predictions,
    champion: Predictions,
    *,
    level: float,
    mask: Mask | None = None,
) -> Pair:
    """A metric of the risk for both models; AUC by DeLong where rows are independent and equally weighted."""
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
    """The AUC of both in every slice; alpha as for `compare`."""
    found = []
    for dimension, bands in cohort.slices().items():
        for name, mask in bands.items():
            truth = cohort.churned[mask & cohort.untreated]
            rarer = int(min(truth.sum(), len(truth) - truth.sum()))
            enough = rarer >= FEWEST_JUDGED
            pair = _risk(cohort, AUC, challenger, champion, level=1 - 2 * alpha, mask=mask) if enough else None
            found.append(SlicePair(f"{dimension} {name}", int(mask.sum()), rarer, pair))
    return tuple(found)


def judged_slices(slices: Sequence[SlicePair], *, margin: float, alpha: float) -> tuple[SliceJudgement, ...]:
    """The verdict on each slice.

    Worse is a slice that is shown to be worse at all, by Holm's procedure over the slices, and whose difference is
    beyond the margin: of equal models that befalls any slice with chance alpha at most. No worse is one whose lower
    bound, one-sided at alpha, lies within the margin: one that is worse by more than it is called so with chance alpha
    at most. Where a model has no AUC, the p-value is NaN and neither is said.
    """
    judged = [one.pair for one in slices if one.pair is not None]
    p_values = [_p_value(pair) for pair in judged]
    shown = rejected(p_values, alpha=alpha) if all(map(isfinite, p_values)) else (False,) * len(p_values)
    told = iter(
        SliceJudgement(p, worse and _gap(pair) < -margin, _low(pair, alpha) > -margin)
        for pair, p, worse in zip(judged, p_values, shown, strict=True)
    )
    return tuple(SliceJudgement(nan, False, False) if one.pair is None else next(told) for one in slices)


def _p_value(pair: Pair) -> float:
    """The one-sided p-value of a difference of 0 or above."""
    difference = pair.difference
    if difference is None or pair.champion is None:
        return nan
    if difference.standard_error == 0:
        return 1.0 if difference.value >= 0 else 0.0
    return float(norm.cdf(difference.value / difference.standard_error))


def _gap(pair: Pair) -> float:
    return pair.difference.value if pair.difference else nan


def _low(pair: Pair, alpha: float) -> float:
    return _gap(pair) - float(norm.isf(alpha)) * (pair.difference.standard_error if pair.difference else nan)


def curves(cohort: Cohort, challenger: Predictions, champion: Predictions) -> dict[str, Any]:
    """The ROC curves of both models and, with a trial, the gain curves of each action; bands use the same draws."""
    both = {"challenger": challenger, "champion": champion}
    return {
        "roc": {who: roc(cohort, model) for who, model in both.items()},
        "gain": {
            action: {who: gain(cohort, model.uplift[action], action) for who, model in both.items()}
            for action in cohort.actions
        },
    }
