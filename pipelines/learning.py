"""What tuning, training and judging start from: the rows, encoded once, and how they are divided."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from experiments import families, learners, metrics
from experiments.cohort import Mask
from experiments.family import Family, Labels
from experiments.learner import Arms, Learner
from experiments.metric import Metric
from experiments.spec import ExperimentSpec
from experiments.split import Fold, Split, split
from experiments.tuning import Problem
from features.contract import Contract, Matrix
from features.errors import DataError
from features.plugins import plugin
from pipelines import matrices, storage
from pipelines.workspace import Workspace


@dataclass(frozen=True)
class Learning:
    """The matrix of a spec, opened for learning."""

    spec: ExperimentSpec
    rows: pd.DataFrame
    contract: Contract

    @cached_property
    def X(self) -> Matrix:  # noqa: N802 - the field's name
        """The encoded features, shape (n_rows, n_columns)."""
        return self.contract.encode(self.rows)

    @cached_property
    def y(self) -> Labels:
        """1 where the customer churned, shape (n_rows,)."""
        return self.rows["churned"].to_numpy(dtype=float)

    @cached_property
    def arms(self) -> Arms:
        """The arm of each row, None where it was in no campaign, shape (n_rows,)."""
        arms: Arms = self.rows["arm"].astype(object).to_numpy(copy=True)
        arms[pd.isna(arms)] = None
        return arms

    @cached_property
    def actions(self) -> tuple[str, ...]:
        """The names of the actions."""
        return tuple(self.spec.treatment.arms) if self.spec.treatment else ()

    @cached_property
    def split(self) -> Split:
        """How the rows are divided."""
        return split(self.rows, spec=self.spec.split, label=self.spec.label)

    @cached_property
    def learner(self) -> Learner:
        """The learner that the spec names."""
        return plugin(learners, self.spec.tuning.learner, Learner)

    def family(self, name: str) -> Family:
        """A model family."""
        return plugin(families, name, Family)

    def problem(self, names: Collection[str]) -> Problem:
        """The problem of fitting these families, each prepared once, on the training rows and nothing else.

        Raises DataError when the rows of a fold, or those of an arm in it, have one outcome only.
        """
        found = {name: self.family(name) for name in names}
        training = self.split.training
        X, y, arms = self.X[training], self.y[training], self.arms[training]
        place = np.full(len(self.rows), -1)
        place[training] = np.arange(len(training))
        folds = tuple(Fold(place[fold.fit], place[fold.judge]) for fold in self.split.folds)
        self._check(folds, y, self.learner.members(arms, self.actions))
        return Problem(
            X=X,
            prepared={name: family.prepare(X, y, self.contract) for name, family in found.items()},
            arms=arms,
            actions=self.actions,
            folds=folds,
            families=found,
            learner=self.learner,
            metric=plugin(metrics, self.spec.tuning.metric, Metric),
        )

    def _check(self, folds: tuple[Fold, ...], y: Labels, members: Mapping[str, Mask]) -> None:
        for number, fold in enumerate(folds):
            for arm, mask in members.items():
                for rows in (fold.fit, fold.judge):
                    if len(np.unique(y[rows[mask[rows]]])) < 2:
                        raise DataError(
                            f"spec '{self.spec.name}': arm '{arm}' has not both outcomes in fold {number + 1};"
                            " give it more rows or dates, or lower split.folds."
                        )


def opened(spec: ExperimentSpec, workspace: Workspace) -> Learning:
    """The rows of a spec that may be learnt from. Raises MissingError when they have not been built."""
    rows = matrices.read(workspace.matrix, matrices.LEARN).to_pandas()
    contract = Contract.from_dict(storage.read_json(workspace.matrix / "contract.json"))
    return Learning(spec, rows, contract)
