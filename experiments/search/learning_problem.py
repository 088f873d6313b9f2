"""What candidates are tried on: the rows to learn from, made ready once for every fit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from experiments.family import Family, Labels, Prepared, RowIndex
from experiments.metric import Metric, Numbers
from experiments.money.limits import Limits, Mask, limits_of
from experiments.rows.arms import Arms, rows_of
from experiments.rows.split import Fold
from experiments.sections.policy import PolicySpec
from experiments.uplift import nuisances
from experiments.uplift.learner import Learner, Lesson
from experiments.uplift.nuisances import Nuisances, Trial
from features.contract import Contract, Matrix
from features.tables import CONTROL

Made = TypeVar("Made")
NOBODY: RowIndex = np.array([], dtype=np.intp)


@dataclass(frozen=True)
class Candidate:
    """A family, a learner, their parameters, and what fitting found out for each model by its name."""

    family: str
    learner: str
    params: Mapping[str, Any]
    learned: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Stakes:
    """What a policy is judged by: the value of each row's good outcome, the cost of each action, and the limits.

    value, ids, for ties, and may_contact have shape (n_rows,), cost (n_actions,); listed is how many customers the list
    holds that the limits speak of (None: as many as are judged).
    """

    value: Numbers
    ids: npt.NDArray[np.generic]
    cost: Numbers
    policy: PolicySpec
    may_contact: Mask
    listed: int | None = None

    def limits(self, actions: tuple[str, ...], n_rows: int) -> Limits:
        """What the contacts of so many rows may use up."""
        return limits_of(self.policy, actions=actions, n_rows=n_rows, listed=self.listed)


@dataclass(frozen=True)
class Problem:
    """Encoded rows and each family's preparation of them, arms and logged probabilities, folds, and what is at stake.

    y is 1 where the customer churned; probability, of the row's own arm, is NaN where it was not logged; parts says to
    which part of a cross-fitting the row's customer belongs; left_in_gap marks those who left before the window opened,
    whom y counts and the risk leaves out (None: nobody); all of shape (n_rows,). shift is added to the log-odds of
    calibrated probabilities, where the rows were balanced by their outcome. What several fits need is made when it
    is first asked for, and kept.
    """

    X: Matrix
    y: Labels
    contract: Contract
    prepared: Mapping[str, Prepared]
    arms: Arms
    actions: tuple[str, ...]
    probability: Numbers
    parts: npt.NDArray[np.intp]
    folds: tuple[Fold, ...]
    families: Mapping[str, Family]
    learners: Mapping[str, Learner]
    metric: Metric
    stakes: Stakes | None = None
    left_in_gap: Mask | None = None
    shift: float = 0.0
    _kept: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def at_risk(self) -> Mask:
        """The untreated rows whose customer was there when the window opened: those of the risk; shape (n_rows,)."""
        untreated = rows_of(self.arms, CONTROL, self.actions)
        return untreated if self.left_in_gap is None else untreated & ~self.left_in_gap

    def lesson(
        self, choice: Candidate, index: RowIndex, *, seed: int, judged: RowIndex = NOBODY, draft: bool = False
    ) -> Lesson:
        """What the candidate's learner learns from the rows at index, and from no other: those at judged judge it."""
        return Lesson(
            family=self.families[choice.family],
            prepared=replace(self.prepared[choice.family], parts=self.parts),
            arms=self.arms,
            actions=self.actions,
            at_risk=self.at_risk,
            index=index,
            params=choice.params,
            learned=choice.learned,
            seed=seed,
            draft=draft,
            any_in_gap=self.left_in_gap is not None and bool(self.left_in_gap.any()),
            nuisances=lambda: self.nuisances(index, judged),
            joint=lambda: self._joint(choice.family),
        )

    def nuisances(self, index: RowIndex, judged: RowIndex) -> Nuisances:
        """The nuisances of the rows at index and at judged, fitted on the former."""
        name = "nuisances", index.tobytes(), judged.tobytes()
        return self._once(name, lambda: nuisances.cross_fitted(self._trial(), index, judged))

    def propensities(self, X: Matrix) -> Numbers:
        """The probability of each arm, control first, estimated for new rows; shape (len(X), n_arms)."""
        return nuisances.propensities(self._trial(), X)

    def _trial(self) -> Trial:
        return Trial(
            X=self.X,
            prepared=self.prepared[nuisances.FAMILY],
            arms=self.arms,
            actions=self.actions,
            probability=self.probability,
            parts=self.parts,
        )

    def _joint(self, family: str) -> Prepared:
        found = self.families[family]
        prepare = found.needed("prepare_jointly", found.prepare_jointly)

        def made() -> Prepared:
            given = np.column_stack([self.arms == action for action in self.actions]).astype(float)
            return prepare(self.prepared[family], self.X, given, self.contract)

        return self._once(("joint", family), made)

    def _once(self, name: Any, make: Callable[[], Made]) -> Made:
        if name not in self._kept:
            self._kept[name] = make()
        found: Made = self._kept[name]
        return found
