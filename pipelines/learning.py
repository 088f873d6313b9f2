"""What tuning, training and judging start from: the rows, encoded once, and how they are divided."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from experiments import families, learners, limits, metrics, nuisances
from experiments.arms import Arms, rows_of
from experiments.family import PARTS, Family, Labels, RowIndex
from experiments.learner import Learner
from experiments.metric import Metric, Numbers
from experiments.problem import Problem, Stakes
from experiments.spec import ExperimentSpec
from experiments.split import Fold, Split, customer_hash, split
from features.contract import Contract, Matrix
from features.errors import DataError
from features.plugins import plugin
from features.tables import CONTROL
from pipelines import matrices, storage
from pipelines.workspace import Workspace


@dataclass(frozen=True)
class Learning:
    """The matrix of a spec, opened for learning; listed is how many customers the ranked list holds."""

    spec: ExperimentSpec
    rows: pd.DataFrame
    contract: Contract
    listed: int

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

    @property
    def actions(self) -> tuple[str, ...]:
        """The names of the actions."""
        return self.spec.actions

    @cached_property
    def split(self) -> Split:
        """How the rows are divided."""
        return split(self.rows, spec=self.spec.split, label=self.spec.label)

    @cached_property
    def probability(self) -> Numbers:
        """The logged probability of each row's own arm, NaN where there was no lot to log, shape (n_rows,)."""
        if self.spec.treatment is None or not self.spec.treatment.randomised:
            return np.full(len(self.rows), np.nan)
        return self.rows["probability"].to_numpy(dtype=float, na_value=np.nan)

    def problem(self, family_names: Collection[str], learner_names: Collection[str] = ()) -> Problem:
        """The problem of fitting these families and learners on the training rows and nothing else.

        Each family is prepared once. Raises DataError when the rows of a fold, or those of an arm in it, have one
        outcome only.
        """
        needed = {*family_names, *((nuisances.FAMILY,) if self.actions and learner_names else ())}
        found = {name: plugin(families, name, Family) for name in sorted(needed)}
        training = self.split.training
        X, y, arms = self.X[training], self.y[training], self.arms[training]
        place = np.full(len(self.rows), -1)
        place[training] = np.arange(len(training))
        folds = tuple(Fold(place[fold.fit], place[fold.judge]) for fold in self.split.folds)
        self._check(folds, y, arms)
        return Problem(
            X=X,
            y=y,
            contract=self.contract,
            prepared={name: family.prepare(X, y, self.contract) for name, family in found.items()},
            arms=arms,
            actions=self.actions,
            probability=self.probability[training],
            parts=self._parts(training),
            folds=folds,
            families=found,
            learners={name: plugin(learners, name, Learner) for name in learner_names},
            metric=plugin(metrics, self.spec.tuning.metric, Metric),
            stakes=self._stakes(training),
        )

    def _parts(self, index: RowIndex) -> RowIndex:
        """The parts of a cross-fitting, by customer, drawn apart from the folds."""
        hashed = customer_hash(self.rows["customer_id"].iloc[index], self.spec.split.seed + 1)
        return (hashed % PARTS).astype(np.intp)

    def _stakes(self, index: RowIndex) -> Stakes | None:
        if self.spec.treatment is None:
            return None
        rows = self.rows.iloc[index]
        return Stakes(
            value=rows["value"].to_numpy(dtype=float),
            ids=rows["customer_id"].astype(str).to_numpy(dtype=str),
            cost=np.array([arm.cost for arm in self.spec.treatment.arms.values()]),
            policy=self.spec.policy,
            may_contact=limits.free(limits.barred(rows, self.spec.policy), len(rows)),
            listed=self.listed,
        )

    def _check(self, folds: tuple[Fold, ...], y: Labels, arms: Arms) -> None:
        judged = set(self.arms[self.split.gate])
        if self.actions and (absent := sorted({CONTROL, *self.actions} - judged)):
            raise DataError(
                f"spec '{self.spec.name}': no row of the gate cohort was given {absent}, so that nothing can be said of"
                " it; raise split.gate_dates, or take the arm out of treatment.arms."
            )
        for number, fold in enumerate(folds):
            for arm in (CONTROL, *self.actions):
                for rows in (fold.fit, fold.judge):
                    if len(np.unique(y[rows[rows_of(arms[rows], arm, self.actions)]])) < 2:
                        raise DataError(
                            f"spec '{self.spec.name}': arm '{arm}' has not both outcomes in fold {number + 1};"
                            " give it more rows or dates, or lower split.folds."
                        )


def opened(spec: ExperimentSpec, workspace: Workspace) -> Learning:
    """The rows of a spec that may be learnt from. Raises MissingError when they have not been built."""
    rows = matrices.read(workspace.matrix, matrices.LEARN).to_pandas()
    contract = Contract.from_dict(storage.read_json(workspace.matrix / "contract.json"))
    return Learning(spec, rows, contract, matrices.listed(workspace.matrix))
