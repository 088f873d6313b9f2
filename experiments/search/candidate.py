"""Fitting the candidate that a search chose: on all rows, calibrated, its effects shrunk towards the average."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from experiments.rows.arms import rows_of
from experiments.search.learning_problem import Candidate, Problem
from experiments.statistics import calibration, rounding
from experiments.statistics.calibration import Calibration
from experiments.uplift import shrinkage
from experiments.uplift.fitted_learner import FittedLearner, Term
from features.tables import CONTROL


def fit(choice: Candidate, problem: Problem, *, seed: int) -> FittedLearner:
    """Calibrate and shrink on what the folds' models say of rows they have not seen, then fit on all rows."""
    learner = problem.learners[choice.learner]
    folded = [learner.fit(problem.lesson(choice, fold.fit, seed=seed, judged=fold.judge)) for fold in problem.folds]
    fitted = learner.fit(problem.lesson(choice, np.arange(len(problem.X)), seed=seed))
    calibrations = _calibrations(folded, problem, learner.calibrated_on(problem.actions, fitted.without))
    terms = _shrunk([replace(one, calibrations=calibrations) for one in folded], problem, fitted.terms)
    return replace(fitted, calibrations=calibrations, terms=terms)


def _calibrations(
    folded: list[FittedLearner], problem: Problem, calibrated_on: Mapping[str, str]
) -> dict[str, Calibration]:
    """One for each model of an outcome, by the judged rows of its arm; the stated share of a balanced file is in it."""
    judged = np.concatenate([fold.judge for fold in problem.folds])
    found = {}
    for name, arm in calibrated_on.items():
        said = np.concatenate(
            [one.models[name].predict(problem.X[fold.judge]) for one, fold in zip(folded, problem.folds, strict=True)]
        )
        mask = problem.at_risk[judged] if name == CONTROL else rows_of(problem.arms[judged], arm, problem.actions)
        found[name] = calibration.fit(problem.y[judged][mask], said[mask]).shifted(problem.shift)
    return found


def _shrunk(
    folded: list[FittedLearner], problem: Problem, terms: Mapping[str, tuple[Term, ...]]
) -> dict[str, tuple[Term, ...]]:
    """The terms of each action's effect after its shrinkage, by the judged rows of the trial."""
    if not problem.actions:
        return dict(terms)
    gamma, effects = [], []
    for one, fold in zip(folded, problem.folds, strict=True):
        known = problem.nuisances(fold.fit, fold.judge)
        at = fold.judge[known.in_trial[fold.judge]]
        gamma.append(known.gamma[at])
        effects.append(np.column_stack(list(one.effects(problem.X[at]).values())))
    # Differences between the folds' models are none between customers.
    mean = np.concatenate(effects).mean(axis=0)
    apart = [one - one.mean(axis=0) + mean for one in effects]
    columns = zip(np.concatenate(apart).T, np.concatenate(gamma).T, strict=True)
    corrections = [shrinkage.fit(effect, gamma=score) for effect, score in columns]
    applied = {action: one.apply(terms[action]) for action, one in zip(terms, corrections, strict=True)}
    return {action: tuple(_kept(term) for term in corrected) for action, corrected in applied.items()}


def _kept(term: Term) -> Term:
    """The term as it is kept and predicts, rounded."""
    return replace(term, weight=rounding.coefficient(term.weight))
