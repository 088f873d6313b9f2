"""Types of the extra data that leak checks may use: a randomised trial, and rows as known at an earlier date."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from experiments.family import Labels
from features.contract import Matrix


@dataclass(frozen=True)
class Trial:
    """The assignments of a trial that the spec declares randomised: the rows of X at index, with their arms.

    X holds all rows of the spec, shape (n_all, n_columns), and is not copied. index, arm and probability (the logged
    one of the row's own arm, below 1) have shape (n_draws,). chances, shape (n_draws, n_arms), holds the probability of
    every arm, the control first and the others in alphabetical order; None where the log lacks them.
    """

    X: Matrix
    index: npt.NDArray[np.intp]
    arm: npt.NDArray[np.str_]
    probability: npt.NDArray[np.float64]
    control: str
    chances: npt.NDArray[np.float64] | None = None


@dataclass(frozen=True)
class Earlier:
    """Rows of the gate cohort as known on the observation date (now), and `days` days before it (before).

    now and before have shape (n_rows, n_columns), customers and y (n_rows,).
    """

    days: int
    now: Matrix
    before: Matrix
    y: Labels
    customers: npt.NDArray[np.object_]
