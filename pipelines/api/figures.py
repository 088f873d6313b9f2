"""Figures of a model with intervals, from rows of the folds that it was not fitted on."""

from collections.abc import Iterator
from dataclasses import asdict

import numpy as np
import pandas as pd

from experiments.evaluation.asked_figures import all_metrics
from experiments.evaluation.cohort import Cohort
from experiments.evaluation.model_figures import Predictions
from experiments.metric import Metric, Numbers
from experiments.rows.split import Fold
from experiments.spec import ExperimentSpec
from experiments.statistics.intervals import Estimate
from features.errors import MetricError
from features.tables import CONTROL
from pipelines.api.models import Model

COLUMNS = ["value", "low", "high", "standard_error"]
ABOUT = ["better", "unit", "meaning"]


def cross_validated(model: Model, spec: ExperimentSpec, *, effects: bool) -> pd.DataFrame:
    """A row for each figure: the mean over the folds with its 95 % interval, what is better, its unit and meaning.

    Without effects there are figures of the risk only. One that is not defined on these rows has no value.
    """
    folds = model.problem.folds
    rows = [_judged(model, fold) for fold in folds]
    fold_of = np.repeat(np.arange(len(rows)), [len(one) for one in rows])
    cohort = Cohort(pd.concat(rows, ignore_index=True), spec, model.learning.listed)
    said = _said(model)
    found = {}
    for metric in all_metrics(spec.evaluation).values():
        if effects or metric.kind in ("rank", "probability"):
            for name, figures in _of_metric(metric, cohort, said, fold_of):
                found[name] = {**figures, **{key: getattr(metric, key) for key in ABOUT}}
    return pd.DataFrame.from_dict(found, orient="index", columns=[*COLUMNS, *ABOUT]).rename_axis("figure")


def _judged(model: Model, fold: Fold) -> pd.DataFrame:
    """The rows that a fold judges as a cohort has them; mu_ARM is told by models of the rows that the fold fits on."""
    opened = model.learning
    rows = opened.rows.iloc[opened.split.training[fold.judge]]
    if not opened.actions:
        return rows
    known = model.problem.nuisances(fold.fit, fold.judge)
    told = {f"mu_{arm}": known.outcomes[arm][fold.judge] for arm in (CONTROL, *opened.actions)}
    return rows.assign(probability=known.probability[fold.judge], **told)


def _said(model: Model) -> Predictions:
    """What each fold's draft says of the rows that the fold judges, one fold after the other."""
    parts = [(one, model.problem.X[fold.judge]) for one, fold in zip(model.drafts, model.problem.folds, strict=True)]
    risk = np.concatenate([draft.risk(X) for draft, X in parts])
    effects = [draft.effects(X) for draft, X in parts]
    actions = model.learning.actions
    return Predictions(risk, risk, {name: np.concatenate([one[name] for one in effects]) for name in actions})


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
    """What each row of a fold in the trial would have earned under the policy that the model makes for that fold."""
    fold = Cohort(cohort.rows[mask], cohort.spec, cohort.listed)
    return fold.realised(fold.choice({action: told[mask] for action, told in said.uplift.items()}))


def _figure(estimates: Iterator[Estimate]) -> dict[str, float]:
    """The mean of the folds' estimates, on the draws that they share."""
    try:
        first, *others = estimates
        mean = (sum(others, start=first) * (1 / (1 + len(others)))).interval()
    except MetricError:
        return dict.fromkeys(COLUMNS, float("nan"))
    return {key: asdict(mean)[key] for key in COLUMNS}
