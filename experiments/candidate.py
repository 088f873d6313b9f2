"""Fitting the candidate that a search chose: on all rows, and calibrated."""

from dataclasses import replace

import numpy as np

from experiments import calibration
from experiments.arms import rows_of
from experiments.fitted_learner import FittedLearner
from experiments.problem import Candidate, Problem
from features.tables import CONTROL


def fit(choice: Candidate, problem: Problem, *, seed: int) -> FittedLearner:
    """Calibrate on what the folds' models say of rows they have not seen, then fit on all rows of the problem."""
    learner = problem.learners[choice.learner]
    out_of_fold = []
    for fold in problem.folds:
        models = learner.fit_calibrated(problem.lesson(choice, fold.fit, seed=seed))
        out_of_fold.append({name: model.predict(problem.X[fold.judge]) for name, model in models.items()})
    judged = np.concatenate([fold.judge for fold in problem.folds])
    calibrations = {}
    fitted = learner.fit(problem.lesson(choice, np.arange(len(problem.X)), seed=seed))
    for name, arm in learner.calibrated_on(problem.actions, fitted.without).items():
        mask = problem.at_risk[judged] if name == CONTROL else rows_of(problem.arms[judged], arm, problem.actions)
        said = np.concatenate([fold[name] for fold in out_of_fold])
        calibrations[name] = calibration.fit(problem.y[judged][mask], said[mask])
    return replace(fitted, calibrations=calibrations)
