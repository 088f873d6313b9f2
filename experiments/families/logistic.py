"""Logistic regression on standardised numbers with hinges at their quantiles, and on categories one by one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import optuna
from sklearn.linear_model import LogisticRegression

from experiments.family import Family, Labels, Params, Portable, Prepared, RowIndex, Scores
from features.contract import Contract, Matrix

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


@dataclass(frozen=True)
class Terms:
    """How one column of the encoded rows becomes terms of the sum.

    A number (n_categories 0) becomes itself standardised, its hinges max(0, x - knot) and whether it is missing;
    a missing number stands at its median. A category becomes one term per category; missing has none.
    """

    n_categories: int
    median: float = 0.0
    scale: float = 1.0
    knots: tuple[float, ...] = ()

    def expand(self, values: npt.NDArray[np.float64]) -> list[npt.NDArray[np.float64]]:
        """The terms of values (n_rows,), each of shape (n_rows,)."""
        if self.n_categories:
            return [(values == code).astype(float) for code in range(self.n_categories)]
        missing = np.isnan(values)
        standard = (np.where(missing, self.median, values) - self.median) / self.scale
        return [standard, *(np.maximum(standard - knot, 0.0) for knot in self.knots), missing.astype(float)]


@dataclass(frozen=True)
class LogisticModel:
    """A weighted sum of terms; the terms are added one after another, so that the batch size changes no bit.

    centres holds, for each column, the mean of its part of the sum over the training rows: reasons are told from there.
    """

    terms: tuple[Terms, ...]
    coefficients: tuple[float, ...]
    intercept: float
    centres: tuple[float, ...]
    learned: Mapping[str, float] = field(default_factory=dict)

    def predict(self, X: Matrix) -> Scores:
        """The logistic function of the sum."""
        total, weights = np.full(len(X), self.intercept), iter(self.coefficients)
        for position, terms in enumerate(self.terms):
            for term in terms.expand(X[:, position]):
                total = total + next(weights) * term
        probability: Scores = 1.0 / (1.0 + np.exp(-total))
        return probability

    def export(self) -> Portable:
        """Medians, scales, knots and coefficients."""
        terms = [
            {"n_categories": t.n_categories, "median": t.median, "scale": t.scale, "knots": list(t.knots)}
            for t in self.terms
        ]
        plain = {
            "terms": terms,
            "coefficients": list(self.coefficients),
            "intercept": self.intercept,
            "centres": list(self.centres),
        }
        return Portable("logistic", plain)


def search(trial: optuna.Trial) -> dict[str, Any]:
    """How strongly the coefficients are held back."""
    return {"C": trial.suggest_float("C", 1e-3, 100.0, log=True)}


def prepare(X: Matrix, y: Labels, contract: Contract) -> Prepared:
    """Expand the columns into terms once; medians and knots look at no label."""
    terms = tuple(
        Terms(len(column.categories)) if column.type == "category" else _terms_of(X[:, position])
        for position, column in enumerate(contract.columns)
    )
    expanded = np.column_stack([term for t, x in zip(terms, X.T, strict=True) for term in t.expand(x)])
    return Prepared((terms, expanded), y)


def _terms_of(values: npt.NDArray[np.float64]) -> Terms:
    present = values[~np.isnan(values)]
    if len(present) == 0:
        return Terms(0)
    median, scale = float(np.median(present)), float(present.std()) or 1.0
    knots = np.unique((np.quantile(present, QUANTILES) - median) / scale)
    inside = [
        float(knot) for knot in knots if (present.min() - median) / scale < knot < (present.max() - median) / scale
    ]
    return Terms(0, median, scale, tuple(inside) if len(np.unique(present)) > 2 else ())


def fit(
    prepared: Prepared,
    index: RowIndex,
    *,
    params: Params,
    seed: int,  # noqa: ARG001 - the optimum is unique
    stop_index: RowIndex | None = None,  # noqa: ARG001 - it has no rounds
) -> LogisticModel:
    """The penalised maximum likelihood, found by Newton's method."""
    terms, expanded = prepared.rows
    regression = LogisticRegression(C=params["C"], solver="newton-cholesky", max_iter=100, tol=1e-6)
    regression.fit(expanded[index], prepared.y[index])
    weights = regression.coef_[0]
    sizes = [t.n_categories or len(t.knots) + 2 for t in terms]
    parts = np.split(expanded[index].mean(axis=0) * weights, np.cumsum(sizes)[:-1])
    centres = tuple(float(part.sum()) for part in parts)
    return LogisticModel(terms, tuple(weights.tolist()), float(regression.intercept_[0]), centres)


FAMILY = Family("logistic", "logistic regression", search, ({"C": 0.1}, {"C": 0.01}), prepare, fit)
