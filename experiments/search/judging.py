"""Figures of a candidate on one fold: risk, ranking by effect, policy value."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from experiments.family import Labels, RowIndex, Scores
from experiments.metric import Numbers, evaluate, weighted
from experiments.metrics.qini import METRIC as QINI
from experiments.money import policy
from experiments.rows.split import Fold
from experiments.search.learning_problem import PolicySettings, Problem
from experiments.statistics import calibration
from experiments.uplift.fitted_learner import FittedLearner


@dataclass(frozen=True)
class JudgedRisk:
    """Outcomes and uncalibrated risks of judged rows, and the cross-fitting part of each row's customer.

    weights is for how many rows each stands (`Problem.weights`); None: each for itself.
    """

    y: Labels
    predicted: Scores
    part: RowIndex
    weights: Numbers | None = None


@dataclass(frozen=True)
class FoldFigures:
    """The figures of one fold: the problem's metric of the risk, the mean QINI of the actions, and the value per row.

    earned, shape (n_in_trial,), is in the spec's currency. Without actions uplift is NaN and earned is empty.
    """

    risk: float
    uplift: float
    earned: Numbers
    judged_risk: JudgedRisk | None = field(default=None, repr=False, compare=False)


def judged(problem: Problem, fitted: Iterable[FittedLearner]) -> Iterator[FoldFigures]:
    """The figures of each fold's model, in order."""
    before: list[FoldFigures] = []
    for fold, one in zip(problem.folds, fitted, strict=True):
        before.append(judge(problem, fold, one, before=before))
        yield before[-1]


def judge(problem: Problem, fold: Fold, fitted: FittedLearner, *, before: Sequence[FoldFigures] = ()) -> FoldFigures:
    """The figures of a model on the rows that the fold holds out; before holds the candidate's earlier folds.

    The risk is measured on untreated rows whose customer was there when the window opened, weighted by 1 over the
    logged probability of no action. Probabilities are calibrated
    first, as in use: those of a part's customers by the judged rows of the other parts, in this fold and those before.
    Uplift and value are estimated by AIPW scores of all assigned rows; their nuisances are fitted on other rows and are
    the same for every candidate. Effects are judged before calibration and shrinkage.
    """
    at_risk = fold.judge[problem.at_risk[fold.judge]]
    weights, said = problem.weights_of(at_risk), fitted.risk(problem.X[at_risk])
    judged_risk = JudgedRisk(problem.y[at_risk], said, problem.parts[at_risk], weights)
    calibrated = judged_risk.predicted  # a ranking needs no calibration
    if problem.metric.kind != "rank":
        known_before = [one.judged_risk for one in before if one.judged_risk is not None]
        calibrated = _calibrated([*known_before, judged_risk], judged_risk.predicted, judged_risk.part)
    weights = np.ones(len(at_risk)) if weights is None else weights
    risk = weighted(problem.metric, judged_risk.y, calibrated, weights=weights)
    if problem.policy_settings is None:
        return FoldFigures(risk, float("nan"), np.array([]), judged_risk)
    known = problem.nuisances(fold.fit, fold.judge)
    at = fold.judge[known.in_trial[fold.judge]]
    effects = np.column_stack(list(fitted.effects(problem.X[at]).values()))
    gamma = known.gamma[at]
    qini = [evaluate(QINI, *columns) for columns in zip(gamma.T, effects.T, strict=True)]
    earned = _earned(problem, problem.policy_settings, at, effects=effects, gamma=gamma)
    return FoldFigures(risk, float(np.mean(qini)), earned, judged_risk)


def risks(problem: Problem, fitted: Iterable[FittedLearner]) -> Iterator[tuple[Scores, Scores]]:
    """The predicted risk of the rows that each fold holds out, before and after calibration."""
    before: list[JudgedRisk] = []
    for fold, one in zip(problem.folds, fitted, strict=True):
        predicted, there = one.risk(problem.X[fold.judge]), problem.at_risk[fold.judge]
        part = problem.parts[fold.judge]
        weights = problem.weights_of(fold.judge[there])
        before.append(JudgedRisk(problem.y[fold.judge][there], predicted[there], part[there], weights))
        yield predicted, _calibrated(before, predicted, part)


def _calibrated(judged_risk: Sequence[JudgedRisk], predicted: Scores, part: RowIndex) -> Scores:
    """Calibrated probabilities: those of a part's customers by a calibration fitted on the other parts."""
    y, all_predicted, all_part = (
        np.concatenate([getattr(one, name) for one in judged_risk]) for name in ("y", "predicted", "part")
    )
    weights = None
    if judged_risk[0].weights is not None:
        weights = np.concatenate([one.weights for one in judged_risk if one.weights is not None])
    calibrated = predicted.copy()
    for own in np.unique(part):
        rows = all_part != own
        if len(np.unique(y[rows])) == 2:
            here = part == own
            of_rows = None if weights is None else weights[rows]
            calibrated[here] = calibration.fit(y[rows], all_predicted[rows], weights=of_rows).apply(predicted[here])
    return calibrated


def _earned(problem: Problem, settings: PolicySettings, at: RowIndex, *, effects: Numbers, gamma: Numbers) -> Numbers:
    """The estimated value of each row at `at` under the policy that maximises value by these effects."""
    value = settings.value[at]
    choice = policy.choose(
        uplift=effects,
        value=value,
        cost=settings.cost,
        limits=settings.limits(problem.actions, len(at)),
        ids=settings.ids[at],
        may_contact=settings.may_contact[at],
    )
    return policy.realised(choice, gamma=gamma, value=value, cost=settings.cost)
