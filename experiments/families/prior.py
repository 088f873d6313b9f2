"""The floor: everybody gets the share of churned customers in the training rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import optuna

from experiments.family import Family, Labels, Params, Portable, Prepared, RowIndex, Scores
from features.contract import Contract, Matrix


@dataclass(frozen=True)
class PriorModel:
    """One probability for all."""

    probability: float
    learned: Mapping[str, float] = field(default_factory=dict)

    def predict(self, X: Matrix) -> Scores:
        """The same probability for every row."""
        return np.full(len(X), self.probability)

    def export(self) -> Portable:
        """The probability."""
        return Portable("prior", {"probability": self.probability})


def search(_trial: optuna.Trial) -> dict[str, float]:
    """Nothing to search."""
    return {}


def prepare(X: Matrix, y: Labels, _contract: Contract) -> Prepared:
    """The rows are not looked at."""
    return Prepared(X, y)


def fit(
    prepared: Prepared,
    index: RowIndex,
    *,
    params: Params,  # noqa: ARG001 - the same call as every family
    seed: int,  # noqa: ARG001
    stop_index: RowIndex | None = None,  # noqa: ARG001
) -> PriorModel:
    """The mean label, with one churned and one retained row added, so that it is never 0 or 1."""
    y = prepared.y[index]
    return PriorModel(float((y.sum() + 1) / (len(y) + 2)))


FAMILY = Family("prior", "one probability for all: the floor", search, ({},), prepare, fit)
