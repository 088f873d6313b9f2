"""What a model family is: how it searches, prepares rows, fits, and exports its models as text."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import optuna

from features.contract import Contract, Matrix
from features.errors import SpecError

Labels = npt.NDArray[np.float64]
Scores = npt.NDArray[np.float64]
RowIndex = npt.NDArray[np.intp]
Params = Mapping[str, Any]
Function = TypeVar("Function")

PARTS = 5


@dataclass(frozen=True)
class Portable:
    """A fitted model as text: plain holds JSON-compatible data, texts the boosters in their own format, in order."""

    kind: str
    plain: Mapping[str, Any] = field(default_factory=dict)
    texts: tuple[str, ...] = ()


class FittedModel(Protocol):
    """A fitted model of a probability, or of a number such as an effect."""

    @property
    def learned(self) -> Mapping[str, float]:
        """What fitting itself determined, such as the rounds of early stopping; a later fit can be given it."""

    def predict(self, X: Matrix) -> Scores:
        """Uncalibrated probability, or the number, shape (n_rows,), for encoded rows (n_rows, n_columns)."""

    def export(self) -> Portable:
        """The model as text, from which a scorer predicts the same numbers to the bit."""


@dataclass(frozen=True)
class Prepared:
    """Rows prepared once for every fit: the family's own form of them, and the target, shape (n_rows,).

    The target is the label, or for a regression a number that may be missing in rows that are not fitted on. parts
    says to which part of a cross-validation a row's customer belongs, shape (n_rows,); None: every row is a customer.
    weights, shape (n_rows,), says for how many rows each stands in a fit of a probability, the rows that stop it
    included; None: each for itself.
    """

    rows: Any
    y: Labels
    parts: RowIndex | None = None
    weights: npt.NDArray[np.float64] | None = None

    def weights_of(self, index: RowIndex) -> npt.NDArray[np.float64] | None:
        """The weights of the rows at index; None where each stands for itself."""
        return None if self.weights is None else self.weights[index]

    def parts_of(self, index: RowIndex) -> RowIndex:
        """The cross-fitting part of each row at index; without parts, rows take turns."""
        return np.arange(len(index)) % PARTS if self.parts is None else self.parts[index]


class Fit(Protocol):
    """Fit on the rows at `index`; with `stop_index`, stop when these no longer gain. Same seed, same bytes.

    params may also hold what an earlier fit learned, and `members`, the most models that the fit is the mean of.
    """

    def __call__(
        self, prepared: Prepared, index: RowIndex, *, params: Params, seed: int, stop_index: RowIndex | None = None
    ) -> FittedModel:
        """See the class."""


class Regress(Protocol):
    """Like Fit, for a number."""

    def __call__(self, prepared: Prepared, index: RowIndex, *, params: Params, seed: int) -> FittedModel:
        """See the class."""


class JointFit(Protocol):
    """Like Fit, on rows that carry what was given: one model for nothing given, then one for each thing given."""

    def __call__(self, prepared: Prepared, index: RowIndex, *, params: Params, seed: int) -> tuple[FittedModel, ...]:
        """See the class."""


def nothing_to_search(_trial: optuna.Trial) -> dict[str, Any]:
    """The search space of families without parameters."""
    return {}


@dataclass(frozen=True)
class Family:
    """A family of models.

    search suggests parameters from a trial; starting_points are tried first, then defaults, which are those that
    somebody has who searches nothing; prepare takes encoded rows
    (n_rows, n_columns), their labels and the contract, once for all fits. fit models the probability of the label 1; a
    row of weight 2 (`Prepared.weights`) counts as two.

    That is a family for risk, and all that learners need which fit a model for each arm. What follows, others need;
    a family may leave it out, and is then not tried under them.

    regress fits a number instead, such as an effect, with parameters of its own: search_effects and effect_point are
    for it what search and starting_points are for fit.

    prepare_jointly takes what prepare made of the rows, and also what was given, shape (n_rows, n_given), 0 or 1 and at
    most one of them a row; fit_jointly then fits one model to all, in which what was given is known.
    """

    name: str
    meaning: str
    search: Callable[[optuna.Trial], dict[str, Any]]
    starting_points: tuple[Params, ...]
    prepare: Callable[[Matrix, Labels, Contract], Prepared]
    fit: Fit
    defaults: tuple[Params, ...] = ()
    search_effects: Callable[[optuna.Trial], dict[str, Any]] = nothing_to_search
    effect_point: Params = field(default_factory=dict)
    regress: Regress | None = None
    prepare_jointly: Callable[[Prepared, Matrix, Matrix, Contract], Prepared] | None = None
    fit_jointly: JointFit | None = None

    def needed(self, name: str, function: Function | None) -> Function:
        """One of its optional functions by name. Raises SpecError where the family has none."""
        if function is None:
            raise SpecError(
                f"family '{self.name}' has no {name}, and is asked for it; experiments/family.py says what it does."
            )
        return function

    def lacks(self, *, regression: bool, joint: bool) -> tuple[str, ...]:
        """The functions that a learner needs (for regression or joint fits) and that the family does not have."""
        wanted = {"regress": regression, "prepare_jointly": joint, "fit_jointly": joint}
        return tuple(name for name, needed in wanted.items() if needed and getattr(self, name) is None)
