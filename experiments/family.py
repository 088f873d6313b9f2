"""What a model family is: how it searches, prepares rows once, fits, and leaves the room as text."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import optuna

from features.contract import Contract, Matrix

Labels = npt.NDArray[np.float64]
Scores = npt.NDArray[np.float64]
RowIndex = npt.NDArray[np.intp]
Params = Mapping[str, Any]


@dataclass(frozen=True)
class Portable:
    """A fitted model as text: plain holds what JSON can hold, texts the boosters in their own format, in order."""

    kind: str
    plain: Mapping[str, Any] = field(default_factory=dict)
    texts: tuple[str, ...] = ()


class FittedModel(Protocol):
    """A fitted model of the probability to churn."""

    @property
    def learned(self) -> Mapping[str, float]:
        """What fitting itself found out (rounds until it stopped improving); a later fit may be given it."""

    def predict(self, X: Matrix) -> Scores:
        """Uncalibrated probability to churn, shape (n_rows,), for encoded rows (n_rows, n_columns)."""

    def export(self) -> Portable:
        """The model as text, from which a scorer predicts the same numbers to the bit."""


@dataclass(frozen=True)
class Prepared:
    """Rows made ready once for every fit: what the family made of them, and the labels, shape (n_rows,)."""

    rows: Any
    y: Labels


class Fit(Protocol):
    """Fit on the rows at `index`; with `stop_index`, stop when these no longer gain. Same seed, same bytes."""

    def __call__(
        self, prepared: Prepared, index: RowIndex, *, params: Params, seed: int, stop_index: RowIndex | None = None
    ) -> FittedModel:
        """See the class."""


@dataclass(frozen=True)
class Family:
    """A family of models.

    search suggests parameters from a trial; starting_points are tried first; prepare takes encoded rows
    (n_rows, n_columns), their labels and the contract, once for all fits.
    """

    name: str
    meaning: str
    search: Callable[[optuna.Trial], dict[str, Any]]
    starting_points: tuple[Params, ...]
    prepare: Callable[[Matrix, Labels, Contract], Prepared]
    fit: Fit
