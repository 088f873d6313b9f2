"""Linear predictors: how an encoded column becomes terms (linear, spline or category), and models that sum them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from experiments.family import Portable, Scores
from features.contract import Matrix


@dataclass(frozen=True)
class Terms:
    """How one encoded column becomes terms of the linear predictor.

    A number (n_categories 0) becomes itself standardised, its hinges max(0, x - knot) and whether it is missing;
    a missing number stands at its median. A category becomes one term per category; missing has none. A model is
    fitted with hats in the hinges' places: `encoding.as_hinges` turns its coefficients into those of hinges.
    """

    n_categories: int
    median: float = 0.0
    scale: float = 1.0
    knots: tuple[float, ...] = ()

    @property
    def n_terms(self) -> int:
        """How many terms there are."""
        return self.n_categories or len(self.knots) + 2

    @property
    def n_straight(self) -> int:
        """How many of them, from the first on, are linear (no hinges)."""
        return self.n_categories or 1

    def expand(self, values: npt.NDArray[np.float64]) -> list[npt.NDArray[np.float64]]:
        """The terms of a number's values (n_rows,), each of shape (n_rows,)."""
        standard = self.standard(values)
        return [standard, *(np.maximum(standard - knot, 0.0) for knot in self.knots), np.isnan(values).astype(float)]

    def standard(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """A number's values, centred by the median and divided by the scale; 0 where missing; same shape."""
        standard: npt.NDArray[np.float64] = (np.where(np.isnan(values), self.median, values) - self.median) / self.scale
        return standard


@dataclass(frozen=True)
class LinearModel:
    """A weighted sum of terms; the terms are added one after another, so that the batch size changes no bit.

    centres holds, for each column, the mean of its part of the sum over the training rows: reasons are told from there.
    """

    terms: tuple[Terms, ...]
    coefficients: tuple[float, ...]
    intercept: float
    centres: tuple[float, ...]
    learned: Mapping[str, float] = field(default_factory=dict)

    def predict(self, X: Matrix) -> Scores:
        """The sum."""
        total, start = np.full(len(X), self.intercept), 0
        for values, terms in zip(X.T, self.terms, strict=True):
            weights = self.coefficients[start : start + terms.n_terms]
            start += terms.n_terms
            if terms.n_categories:
                is_known = (values >= 0) & (values < terms.n_categories) & (values % 1 == 0)
                codes = np.where(is_known, values, terms.n_categories).astype(int)
                total = total + np.array([*weights, 0.0])[codes]
                continue
            for weight, term in zip(weights, terms.expand(values), strict=True):
                total = total + weight * term
        return total

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
        return Portable("linear", plain)


@dataclass(frozen=True)
class LogisticModel(LinearModel):
    """The same sum as log-odds."""

    def predict(self, X: Matrix) -> Scores:
        """The logistic function of the sum."""
        probability: Scores = 1.0 / (1.0 + np.exp(-super().predict(X)))
        return probability

    def export(self) -> Portable:
        """As the sum, under a name of its own."""
        return replace(super().export(), kind="logistic")
