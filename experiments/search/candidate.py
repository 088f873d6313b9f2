"""The final fit of the chosen candidate: on all training rows, with calibration and shrinkage of effects."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from experiments.family import RowIndex, Scores
from experiments.rows.arms import rows_of
from experiments.search.learning_problem import Candidate, Problem
from experiments.statistics import calibration, rounding
from experiments.statistics.calibration import Calibration
from experiments.uplift import shrinkage
from experiments.uplift.fitted_learner import FittedLearner, Term
from features.tables import CONTROL

# The mean of more boosters is steadier. Of few rows it costs little; of many, one booster is steady enough.
MEMBERS_OF_FEW_ROWS, FEW_ROWS = 8, 10_000


@dataclass(frozen=True)
class OutOfFold:
    """The calibrated risk of rows by models that were not fitted on them; rows are positions in the problem.

    Both have shape (n_judged,). The two numbers of the calibration were fitted on these rows.
    """

    rows: RowIndex
    risk: Scores


def fit(choice: Candidate, problem: Problem, *, seed: int) -> FittedLearner:
    """Fit on all rows; calibration and shrinkage come from out-of-fold predictions of models fitted on the folds."""
    return fit_and_judge(choice, problem, seed=seed)[0]


def fit_and_judge(choice: Candidate, problem: Problem, *, seed: int) -> tuple[FittedLearner, OutOfFold]:
    """What `fit` does, and the out-of-fold risk of the rows that the folds judge."""
    learner = problem.learners[choice.learner]
    folded = [
        learner.fit(problem.learner_input(choice, fold.fit, seed=seed, judged=fold.judge)) for fold in problem.folds
    ]
    members = MEMBERS_OF_FEW_ROWS if not problem.actions and len(problem.X) < FEW_ROWS else None
    fitted = learner.fit(problem.learner_input(choice, np.arange(len(problem.X)), seed=seed, members=members))
    calibrations = _calibrations(folded, problem, learner.calibrated_on(problem.actions, fitted.without))
    terms = _shrunk([replace(one, calibrations=calibrations) for one in folded], problem, fitted.terms)
    judged = np.concatenate([fold.judge for fold in problem.folds])
    risk = calibrations[CONTROL].apply(_said(folded, problem, CONTROL))
    return replace(fitted, calibrations=calibrations, terms=terms), OutOfFold(judged, risk)


def _said(folded: list[FittedLearner], problem: Problem, name: str) -> Scores:
    """What one model of each fold says of the rows that the fold judges, in the order of the folds."""
    each = zip(folded, problem.folds, strict=True)
    return np.concatenate([one.models[name].predict(problem.X[fold.judge]) for one, fold in each])


def _calibrations(
    folded: list[FittedLearner], problem: Problem, calibrated_on: Mapping[str, str]
) -> dict[str, Calibration]:
    """The calibration of each outcome model on the judged rows of its arm, shifted by problem.shift."""
    judged = np.concatenate([fold.judge for fold in problem.folds])
    found = {}
    for name, arm in calibrated_on.items():
        said = _said(folded, problem, name)
        mask = problem.at_risk[judged] if name == CONTROL else rows_of(problem.arms[judged], arm, problem.actions)
        weights = problem.weights_of(judged[mask])
        found[name] = calibration.fit(problem.y[judged][mask], said[mask], weights=weights).shifted(problem.shift)
    return found


def _shrunk(
    folded: list[FittedLearner], problem: Problem, terms: Mapping[str, tuple[Term, ...]]
) -> dict[str, tuple[Term, ...]]:
    """The terms of each action's effect after shrinkage, which is estimated on the judged rows of the trial."""
    if not problem.actions:
        return dict(terms)
    gamma, effects = [], []
    for one, fold in zip(folded, problem.folds, strict=True):
        known = problem.nuisances(fold.fit, fold.judge)
        at = fold.judge[known.in_trial[fold.judge]]
        gamma.append(known.gamma[at])
        effects.append(np.column_stack(list(one.effects(problem.X[at]).values())))
    # Differences between the folds' models are no differences between customers.
    mean = np.concatenate(effects).mean(axis=0)
    apart = [one - one.mean(axis=0) + mean for one in effects]
    columns = zip(np.concatenate(apart).T, np.concatenate(gamma).T, strict=True)
    corrections = [shrinkage.fit(effect, gamma=score) for effect, score in columns]
    applied = {action: one.apply(terms[action]) for action, one in zip(terms, corrections, strict=True)}
    return {action: tuple(_kept(term) for term in corrected) for action, corrected in applied.items()}


def _kept(term: Term) -> Term:
    """The term with its weight rounded, as it is stored."""
    return replace(term, weight=rounding.coefficient(term.weight))
