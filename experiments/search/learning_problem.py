"""The training data of a search, prepared once for all fits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from experiments.family import Family, Labels, Prepared, RowIndex
from experiments.metric import Metric, Numbers
from experiments.money.limits import Limits, Mask, limits_of
from experiments.rows.arms import Arms, rows_of
from experiments.rows.risk_weights import arm_weights
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
    """A family, a learner, their parameters, and per model what fitting determined, such as the number of rounds."""

    family: str
    learner: str
    params: Mapping[str, Any]
    learned: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class PolicySettings:
    """The input of the contact policy: the value of each row's good outcome, the cost of each action, and the limits.

    value and ids (which break ties) have shape (n_rows,), cost (n_actions,), may_contact (n_rows,) or, where it differs
    between actions, (n_rows, n_actions). listed is the length of the customer list to which the limits refer (None: as
    many rows as are judged).
    """

    value: Numbers
    ids: npt.NDArray[np.generic]
    cost: Numbers
    policy: PolicySpec
    may_contact: Mask
    listed: int | None = None

    def limits(self, actions: tuple[str, ...], n_rows: int) -> Limits:
        """The contact limits for a list of n_rows customers."""
        return limits_of(self.policy, actions=actions, n_rows=n_rows, listed=self.listed)


@dataclass(frozen=True)
class Problem:
    """Encoded rows, each family's preparation of them, arms with logged probabilities, folds, and the policy settings.

    Arrays have shape (n_rows,). y is 1 where the customer churned. probability is the logged one of the row's own arm,
    NaN where it was not logged. parts is the cross-fitting part of the row's customer. left_in_gap marks customers who
    left before the window opened: y counts them, the risk leaves them out (None: nobody). shift is added to the
    log-odds of calibrated probabilities where the rows were balanced by their outcome. What several fits share is
    computed on first use and cached.
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
    policy_settings: PolicySettings | None = None
    left_in_gap: Mask | None = None
    shift: float = 0.0
    _kept: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def at_risk(self) -> Mask:
        """The rows of the risk, shape (n_rows,): untreated, and the customer was there when the window opened."""
        untreated = rows_of(self.arms, CONTROL, self.actions)
        return untreated if self.left_in_gap is None else untreated & ~self.left_in_gap

    @property
    def weights(self) -> Numbers | None:
        """For how many rows each stands among those of its arm; see `experiments.rows.risk_weights.arm_weights`."""
        return self._once("weights", lambda: arm_weights(self.arms, self.actions, self.probability))

    def weights_of(self, index: RowIndex) -> Numbers | None:
        """The weights of the rows at index, None where each stands for itself."""
        return None if self.weights is None else self.weights[index]

    @property
    def cuts_customers(self) -> bool:
        """Whether each fold judges all rows that it does not learn from; folds of dates leave out the later ones."""
        return all(len(fold.fit) + len(fold.judge) == len(self.X) for fold in self.folds)

    def learner_input(
        self,
        choice: Candidate,
        index: RowIndex,
        *,
        seed: int,
        judged: RowIndex = NOBODY,
        draft: bool = False,
        members: int | None = None,
    ) -> Lesson:
        """The learner's input: the rows at index, and no others; those at judged will judge the fit."""
        return Lesson(
            family=self.families[choice.family],
            prepared=replace(self.prepared[choice.family], parts=self.parts),
            arms=self.arms,
            actions=self.actions,
            at_risk=self.at_risk,
            weights=self.weights,
            index=index,
            params=choice.params,
            learned=choice.learned,
            seed=seed,
            draft=draft,
            members=members,
            any_in_gap=self.left_in_gap is not None and bool(self.left_in_gap.any()),
            nuisances=lambda: self.nuisances(index, judged),
            joint=lambda: self._joint(choice.family),
        )

    def nuisances(self, index: RowIndex, judged: RowIndex) -> Nuisances:
        """The nuisances of the rows at index and at judged, fitted on those at index."""
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
