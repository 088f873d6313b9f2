"""A candidate that was fitted: outcome models with their calibration, and what they say of a customer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments import calibration
from experiments.calibration import Calibration
from experiments.family import Family, Portable, Prepared, RowIndex, Scores
from experiments.learner import Arms, FittedLearner, Learner
from experiments.split import Fold
from experiments.tuning import Candidate
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


def fit(
    choice: Candidate,
    *,
    family: Family,
    learner: Learner,
    prepared: Prepared,
    X: Matrix,
    arms: Arms,
    actions: tuple[str, ...],
    training: RowIndex,
    folds: tuple[Fold, ...],
    seed: int,
) -> FittedCandidate:
    """Calibrate on what the folds' models say of rows they have not seen, then fit on all training rows."""
    options: dict[str, Any] = {
        "arms": arms,
        "actions": actions,
        "params": choice.params,
        "learned": choice.learned,
        "seed": seed,
    }
    out_of_fold = [learner.fit(family, prepared, fold.fit, **options).risks(X[fold.judge]) for fold in folds]
    judged = np.concatenate([fold.judge for fold in folds])
    members = learner.members(arms[judged], actions)
    calibrations = {
        arm: calibration.fit(
            prepared.y[judged][mask], np.concatenate([risks[arm] for risks in out_of_fold])[mask]
        )
        for arm, mask in members.items()
    }
    return FittedCandidate(learner.fit(family, prepared, training, **options), calibrations)
