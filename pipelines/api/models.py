"""Models in the Python API: fitted as the stage `train` fits, scored as a registered model scores."""

import tempfile
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.search import candidate, tuning
from experiments.search.judging import judged
from experiments.search.learning_problem import Candidate, Problem
from experiments.search.past_trials import Record
from experiments.uplift.fitted_learner import FittedLearner
from features.errors import ContractError
from pipelines.api import display
from pipelines.learning.training_data import Learning
from pipelines.models import portable


@dataclass(frozen=True, repr=False)
class Model:
    """A fitted candidate: its family, learner and parameters, its cross-validation, and its predictions.

    drafts are the same candidate fitted on each fold's rows to fit, before calibration: `evaluate` judges these.
    """

    candidate: Candidate
    record: Record
    drafts: tuple[FittedLearner, ...]
    problem: Problem
    fitted: FittedLearner
    learning: Learning

    @property
    def family(self) -> str:
        """The family, such as `lightgbm`."""
        return self.candidate.family

    @property
    def learner(self) -> str:
        """The uplift learner; without actions it is not used."""
        return self.candidate.learner

    @property
    def params(self) -> dict[str, Any]:
        """All parameters, including defaults."""
        return dict(self.candidate.params)

    @property
    def trial(self) -> pd.Series:
        """The search's view of it: a row as in `candidates`, without number, state and best."""
        told = {"family": self.family, "learner": self.learner, "params": self.params}
        return pd.Series({**self.record.figures, **told}, dtype=object)

    def score(self, rows: pd.DataFrame, *, reasons: int = 0) -> pd.DataFrame:
        """churn_score (uncalibrated), churn_probability and uplift_ACTION of each row, with the rows' index.

        rows hold the features by their names, in any order; other columns are not looked at. With reasons, so many
        columns reason_1 ... say what raises the risk most. The text that scores is the one that would be registered.
        Raises ContractError when a column is missing or a cell cannot be read.
        """
        try:
            found: pd.DataFrame = self._scorer.score(rows, reasons=reasons)
        except ValueError as error:
            raise ContractError(f"the model refuses the rows: {error}") from error
        return found

    @cached_property
    def _scorer(self) -> Any:
        training = self.learning.split.training
        usual = portable.typical(
            self.learning.X, self.learning.contract, training[~self.learning.left_in_gap[training]]
        )
        with tempfile.TemporaryDirectory(prefix="holdfast-model-") as scratch:
            portable.write(Path(scratch), self.fitted, contract=self.learning.contract, typical=usual)
            return portable.scorer(Path(scratch))

    def _lines(self) -> dict[str, str]:
        figures = {name: f"{value:.4f} (folds)" for name, value in self.record.figures.items()}
        params = ", ".join(f"{name}={value!r}" for name, value in self.params.items())
        prior = self.learning.spec.label.prior
        balanced = {} if prior is None else {"balanced file": display.shares(self.learning.churned_share, prior)}
        return {"learner": self.learner, "params": params, **figures, **balanced}

    def __repr__(self) -> str:
        return display.text(f"model of family {self.family}", self._lines())

    def _repr_html_(self) -> str:
        return display.html(f"model of family {self.family}", self._lines())


def fit(choice: Candidate, problem: Problem, learning: Learning) -> Model:
    """Cross-validate the candidate as the search does, then fit it on all training rows as `train` does."""
    seed = learning.spec.tuning.seed
    drafts = tuple(tuning.fold_models(choice, problem, seed=seed))
    record = Record.of(list(judged(problem, drafts)), [one.learned for one in drafts])
    learnt = replace(choice, learned=record.learned)
    return Model(learnt, record, drafts, problem, candidate.fit(learnt, problem, seed=seed), learning)
