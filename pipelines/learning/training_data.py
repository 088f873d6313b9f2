"""The encoded and split rows that tuning, training and evaluation share."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np
import pandas as pd
import pyarrow as pa

from experiments import families, learners, metrics
from experiments.family import PARTS, Family, Labels, RowIndex
from experiments.metric import Metric, Numbers
from experiments.money import limits
from experiments.rows.arms import Arms, Mask, rows_of, unlogged
from experiments.rows.balance import Balance
from experiments.rows.gap import left_in_gap
from experiments.rows.split import Fold, Split, customer_hash, split, whole
from experiments.search.learning_problem import PolicySettings, Problem
from experiments.sections.label import HasLabel
from experiments.sections.policy import HasPolicy
from experiments.sections.section import HasName
from experiments.sections.split import HasSplit
from experiments.sections.treatment import HasTreatment
from experiments.sections.tuning import HasTuning, TuningSpec
from experiments.uplift import nuisances
from experiments.uplift.learner import Learner
from features.contract import Contract, Matrix
from features.plugins import plugin
from features.tables import CONTROL
from pipelines.files import storage
from pipelines.matrix import matrices
from pipelines.processes import memory
from pipelines.workspace import Workspace


class Learnable(HasName, HasLabel, HasTreatment, HasPolicy, HasSplit, HasTuning, Protocol):
    """A spec as far as training depends on it."""


@dataclass(frozen=True)
class Learning:
    """The matrix of a spec, opened for training; listed is the number of customers on the ranked list.

    X are the features, encoded, shape (n_rows, n_columns); rows hold what else is known of each, and the columns of the
    policy. everything: all rows are training rows, and none is kept to judge on.
    """

    spec: Learnable
    rows: pd.DataFrame
    X: Matrix
    contract: Contract
    listed: int
    everything: bool = False

    def narrowed(self, names: Collection[str]) -> "Learning":
        """The same with some of the features only."""
        places = [place for place, name in enumerate(self.contract.names) if name in names]
        return replace(self, X=self.X[:, places], contract=self.contract.select(names))

    @property
    def whole(self) -> "Learning":
        """The same, with all rows to learn from."""
        return replace(self, everything=True)

    @cached_property
    def y(self) -> Labels:
        """1 where the customer left before the window closed, shape (n_rows,)."""
        return self.rows["churned"].to_numpy(dtype=float)

    @cached_property
    def left_in_gap(self) -> Mask:
        """The rows of customers who left before the window opened, whom the risk leaves out, shape (n_rows,)."""
        return left_in_gap(self.rows)

    @cached_property
    def at_risk(self) -> Mask:
        """The rows on which the risk is measured: untreated, and not left in the lead time; shape (n_rows,)."""
        return rows_of(self.arms, CONTROL, self.actions) & ~self.left_in_gap & ~self.unlogged

    @property
    def churned_share(self) -> float:
        """The share of the rows of the risk that left, training rows and gate cohort together."""
        return float(self.y[self.at_risk].mean())

    @cached_property
    def arms(self) -> Arms:
        """The arm of each row, None where it was in no campaign, shape (n_rows,)."""
        arms: Arms = self.rows["arm"].astype(object).to_numpy(copy=True)
        arms[pd.isna(arms)] = None
        return arms

    @property
    def tuning(self) -> TuningSpec:
        """The search settings of the spec; without feature columns, the prior model and a constant effect.

        Then there is nothing to choose by: families and learners would all come to the same.
        """
        asked = self.spec.tuning
        if self.contract.columns:
            return asked
        return asked.model_copy(update={"families": ("prior",), "learners": ("t_learner",), "trials": 1})

    @property
    def actions(self) -> tuple[str, ...]:
        """The names of the actions."""
        return self.spec.actions

    @cached_property
    def split(self) -> Split:
        """How the rows are divided; those whose assignment was not logged are in no part."""
        divide = whole if self.everything else split
        return divide(self.rows, spec=self.spec.split, label=self.spec.label).without(self.unlogged)

    @cached_property
    def unlogged(self) -> Mask:
        """The rows of an arm without a logged probability, where actions were randomised; shape (n_rows,)."""
        if self.spec.treatment is None or not self.spec.treatment.randomised:
            return np.zeros(len(self.rows), dtype=np.bool_)
        return unlogged(self.arms, self.probability)

    @cached_property
    def folds(self) -> tuple[Fold, ...]:
        """The folds, as positions among the training rows."""
        place = np.full(len(self.rows), -1)
        place[self.split.training] = np.arange(len(self.split.training))
        return tuple(Fold(place[fold.fit], place[fold.judge]) for fold in self.split.folds)

    @cached_property
    def probability(self) -> Numbers:
        """The logged probability of each row's own arm, NaN where none was logged, shape (n_rows,)."""
        if self.spec.treatment is None or not self.spec.treatment.randomised:
            return np.full(len(self.rows), np.nan)
        return self.rows["probability"].to_numpy(dtype=float, na_value=np.nan)

    def problem(self, family_names: Collection[str], learner_names: Collection[str] = ()) -> Problem:
        """The learning problem of these families and learners on the training rows.

        Each family is prepared once. That folds and gate cohort hold what they must, the build has made sure of.
        """
        needed = {*family_names, *((nuisances.FAMILY,) if self.actions and learner_names else ())}
        found = {name: plugin(families, name, Family) for name in sorted(needed)}
        training = self.split.training
        X, y, arms = part(self.X, training), self.y[training], self.arms[training]
        prepared = {}
        for name, family in found.items():
            prepared[name] = family.prepare(X, y, self.contract)
            memory.given_back()
        return Problem(
            X=X,
            y=y,
            contract=self.contract,
            prepared=prepared,
            arms=arms,
            actions=self.actions,
            probability=self.probability[training],
            parts=self._parts(training),
            folds=self.folds,
            families=found,
            learners={name: plugin(learners, name, Learner) for name in learner_names},
            metric=plugin(metrics, self.spec.tuning.metric, Metric),
            policy_settings=self._policy_settings(training),
            left_in_gap=self.left_in_gap[training],
            shift=0.0 if self.spec.label.prior is None else Balance(self.spec.label.prior, self.churned_share).shift,
        )

    def _parts(self, index: RowIndex) -> RowIndex:
        """The cross-fitting parts, by customer, drawn independently of the folds."""
        hashed = customer_hash(self.rows["customer_id"].iloc[index], self.spec.split.seed + 1)
        return (hashed % PARTS).astype(np.intp)

    def _policy_settings(self, index: RowIndex) -> PolicySettings | None:
        if self.spec.treatment is None:
            return None
        rows = self.rows.iloc[index]
        return PolicySettings(
            value=rows["value"].to_numpy(dtype=float),
            ids=rows["customer_id"].astype(str).to_numpy(dtype=str),
            cost=np.array([arm.cost for arm in self.spec.treatment.arms.values()]),
            policy=self.spec.policy,
            may_contact=limits.open_to(rows, self.spec.policy, tuple(self.spec.treatment.arms)),
            listed=self.listed,
        )


def part(X: Matrix, index: RowIndex) -> Matrix:
    """The rows of X at index; a view, not a copy, where they are contiguous."""
    if len(index) and bool((np.diff(index) == 1).all()):
        return X[index[0] : index[-1] + 1]
    return X[index]


def opened(spec: Learnable, workspace: Workspace) -> Learning:
    """The training rows of a spec. Raises MissingError when they have not been built."""
    contract = Contract.from_dict(storage.read_json(workspace.matrix / "contract.json"))
    X, others, start = np.empty((matrices.count(workspace.matrix, matrices.LEARN), len(contract.columns))), [], 0
    for one in matrices.parts(workspace.matrix, matrices.LEARN):
        X[start : start + one.num_rows] = contract.encode(one.to_pandas())
        start += one.num_rows
        names = one.column_names
        others.append(one.select([name for name in names if name not in contract.names or name in spec.policy.columns]))
    rows = pa.concat_tables(others, promote_options="default").to_pandas()
    del others
    memory.given_back()
    return Learning(spec, rows, X, contract, matrices.listed(workspace.matrix))
