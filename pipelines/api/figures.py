"""Cross-validated figures of a model with intervals."""

from collections.abc import Iterator
from dataclasses import asdict

import numpy as np
import pandas as pd

from experiments.evaluation.cohort import Cohort
from experiments.evaluation.model_figures import Predictions
from experiments.evaluation.requested_metrics import all_metrics
from experiments.metric import Metric, Numbers
from experiments.rows.split import Fold
from experiments.search import judging
from experiments.spec import ExperimentSpec
from experiments.statistics.calibration import Calibration
from experiments.statistics.intervals import Estimate
from features.errors import MetricError
from features.tables import CONTROL
from pipelines.api.models import Model

COLUMNS = ["value", "low", "high", "standard_error"]
ABOUT = ["better", "unit", "meaning"]


def cross_validated(model: Model, spec: ExperimentSpec, *, effects: bool) -> pd.DataFrame:
    """One row per figure: the mean over the folds with its 95 % interval, direction, unit and meaning.

    Without effects there are figures of the risk only. One that is not defined on these rows has no value.
    """
    folds = model.problem.folds
    rows = [_judged(model, fold) for fold in folds]
    fold_of = np.repeat(np.arange(len(rows)), [len(one) for one in rows])
    cohort = Cohort(pd.concat(rows, ignore_index=True), spec, model.learning.listed, model.learning.churned_share)
    said = _said(model)
    found = {}
    for metric in all_metrics(spec.evaluation).values():
        if effects or metric.kind in ("rank", "probability"):
            for name, figures in _of_metric(metric, cohort, said, fold_of):
                found[name] = {**figures, **{key: getattr(metric, key) for key in ABOUT}}
    return pd.DataFrame.from_dict(found, orient="index", columns=[*COLUMNS, *ABOUT]).rename_axis("figure")


def _judged(model: Model, fold: Fold) -> pd.DataFrame:
    """The held-out rows of a fold as a cohort; mu_ARM is predicted by models of the fold's training rows."""
    opened = model.learning
    rows = opened.rows.iloc[opened.split.training[fold.judge]]
    if not opened.actions:
        return rows
    known = model.problem.nuisances(fold.fit, fold.judge)
    told = {f"mu_{arm}": known.outcomes[arm][fold.judge] for arm in (CONTROL, *opened.actions)}
    return rows.assign(probability=known.probability[fold.judge], **told)


def _said(model: Model) -> Predictions:
    """What each fold's model predicts of its held-out rows, fold by fold, calibrated as the search judges them."""
    parts = [(one, model.problem.X[fold.judge]) for one, fold in zip(model.drafts, model.problem.folds, strict=True)]
    said, served = (np.concatenate(one) for one in zip(*judging.risks(model.problem, model.drafts), strict=True))
    effects = [draft.effects(X) for draft, X in parts]
    actions = model.learning.actions
    # These calibrations are of the file; what a stated share adds to log-odds is the same for all.
    shift = model.problem.shift
    served = Calibration(1.0, shift).apply(served) if shift else served
    return Predictions(said, served, {name: np.concatenate([one[name] for one in effects]) for name in actions})


def _of_metric(
    metric: Metric, cohort: Cohort, said: Predictions, fold_of: np.ndarray
) -> Iterator[tuple[str, dict[str, float]]]:
    """The figures of a metric by name: one of the risk or the policy, one of each action."""
    masks = [fold_of == fold for fold in np.unique(fold_of)]
    if metric.kind in ("rank", "probability"):
        yield metric.name, _figure(cohort.risk(metric, said.for_metric(metric), mask) for mask in masks)
    elif metric.kind == "policy" and cohort.actions:
        earned = np.concatenate([_earned(cohort, said, mask) for mask in masks])
        yield metric.name, _figure(iter([cohort.estimate(metric, earned, mask=cohort.in_trial)]))
    elif cohort.actions:
        for action in cohort.actions:
            told = said.uplift[action]
            yield f"{metric.name}_{action}", _figure(cohort.uplift(metric, told, action, mask) for mask in masks)


def _earned(cohort: Cohort, said: Predictions, mask: np.ndarray) -> Numbers:
    """The value of each trial row of a fold under the policy that the fold's model makes."""
    fold = Cohort(cohort.rows[mask], cohort.spec, cohort.listed)
    return fold.realised(fold.choice({action: told[mask] for action, told in said.uplift.items()}))


def _figure(estimates: Iterator[Estimate]) -> dict[str, float]:
    """The mean of the folds' estimates, on shared draws."""
    try:
        first, *others = estimates
        mean = (sum(others, start=first) * (1 / (1 + len(others)))).interval()
    except MetricError:
        return dict.fromkeys(COLUMNS, float("nan"))
    return {key: asdict(mean)[key] for key in COLUMNS}
