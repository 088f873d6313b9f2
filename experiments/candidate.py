"""A candidate that was fitted: outcome models with their calibration, and what they say of a customer."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from experiments import calibration
from experiments.calibration import Calibration
from experiments.family import Portable, RowIndex, Scores
from experiments.learner import FittedLearner
from experiments.tuning import Candidate, Problem
from features.contract import Matrix


@dataclass(frozen=True)
class FittedCandidate:
    """Outcome models and, for each, the calibration of its probability."""

    learner: FittedLearner
    calibrations: Mapping[str, Calibration]

    def risks(self, X: Matrix) -> dict[str, Scores]:
        """The calibrated probability to churn under each arm, `control` first, shape (n_rows,) each."""
        return {arm: self.calibrations[arm].apply(raw) for arm, raw in self.learner.risks(X).items()}

    def export(self) -> dict[str, Portable]:
        """The outcome models as text, by arm."""
        return {arm: model.export() for arm, model in self.learner.models.items()}


def fit(choice: Candidate, problem: Problem, *, seed: int) -> FittedCandidate:
    """Calibrate on what the folds' models say of rows they have not seen, then fit on all rows of the problem."""
    family, prepared = problem.families[choice.family], problem.prepared[choice.family]

    def fitted(index: RowIndex) -> FittedLearner:
        return problem.learner.fit(
            family,
            prepared,
            index,
            arms=problem.arms,
            actions=problem.actions,
            params=choice.params,
            learned=choice.learned,
            seed=seed,
        )

    out_of_fold = [fitted(fold.fit).risks(problem.X[fold.judge]) for fold in problem.folds]
    judged = np.concatenate([fold.judge for fold in problem.folds])
    calibrations = {
        arm: calibration.fit(prepared.y[judged][mask], np.concatenate([risks[arm] for risks in out_of_fold])[mask])
        for arm, mask in problem.learner.members(problem.arms[judged], problem.actions).items()
    }
    return FittedCandidate(fitted(np.arange(len(problem.X))), calibrations)
