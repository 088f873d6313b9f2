"""The prior model, the baseline of every comparison: it predicts the churn rate of the training rows for everybody."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import fsum

import numpy as np
import optuna

from experiments.family import Family, Labels, Params, Portable, Prepared, RowIndex, Scores
from experiments.statistics import rounding
from features.contract import Contract, Matrix


@dataclass(frozen=True)
class PriorModel:
    """One number for all: a probability, or a mean."""

    probability: float
    learned: Mapping[str, float] = field(default_factory=dict)

    def predict(self, X: Matrix) -> Scores:
        """The same number for every row."""
        return np.full(len(X), self.probability)

    def export(self) -> Portable:
        """The number."""
        return Portable("prior", {"probability": self.probability})


def search(_trial: optuna.Trial) -> dict[str, float]:
    """Nothing to search."""
    return {}


def prepare(X: Matrix, y: Labels, _contract: Contract) -> Prepared:
    """The columns are not used."""
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
    y, weights = prepared.y[index], prepared.weights_of(index)
    churned, rows = (y.sum(), len(y)) if weights is None else (fsum(weights * y), fsum(weights))
    return PriorModel(float((churned + 1) / (rows + 2)))


def regress(
    prepared: Prepared,
    index: RowIndex,
    *,
    params: Params,  # noqa: ARG001 - the same call as every family
    seed: int,  # noqa: ARG001
) -> PriorModel:
    """The mean."""
    return PriorModel(rounding.coefficient(float(prepared.y[index].mean())))


def prepare_jointly(prepared: Prepared, X: Matrix, given: Matrix, _contract: Contract) -> Prepared:
    """Only the number of things that can be given is used."""
    return Prepared((X, given.shape[1]), prepared.y)


def fit_jointly(prepared: Prepared, index: RowIndex, *, params: Params, seed: int) -> tuple[PriorModel, ...]:
    """The same number for everybody, whatever was given."""
    one = fit(prepared, index, params=params, seed=seed)
    return tuple([one] * (prepared.rows[1] + 1))


FAMILY = Family(
    name="prior",
    meaning="one probability for all: the floor",
    search=search,
    starting_points=({},),
    prepare=prepare,
    fit=fit,
    search_effects=search,
    effect_point={},
    regress=regress,
    prepare_jointly=prepare_jointly,
    fit_jointly=fit_jointly,
)
