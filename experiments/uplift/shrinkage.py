"""Shrinkage of predicted effects towards the average effect, calibrated on held-out rows."""

from dataclasses import dataclass

import numpy as np

from experiments.metric import Numbers
from experiments.uplift.fitted_learner import Term

DOUBT = 2.0
CONSTANT = 1e-9


@dataclass(frozen=True)
class Shrinkage:
    """A linear correction of an effect: intercept + slope * predicted effect."""

    slope: float
    intercept: float

    def apply(self, terms: tuple[Term, ...]) -> tuple[Term, ...]:
        """The corrected effect, again a sum of terms; a term that names no model is a constant."""
        return (Term(self.intercept, ()), *(Term(self.slope * term.weight, term.models) for term in terms))


def fit(effect: Numbers, *, gamma: Numbers) -> Shrinkage:
    """The best linear predictor of the effect from out-of-sample predictions, shrunk by its uncertainty.

    effect and gamma, the AIPW score of the action, have shape (n_rows,). The regression of gamma on effect
    (Chernozhukov et al. 2018, arXiv 1712.04802, theorem 2.1) says how much of the predicted difference between
    customers is real. Its slope, in [0, 1], is multiplied by t^2 / (t^2 + 2), t the slope in standard errors (White
    1980): noise is held back and what is certain hardly. The mean becomes that of gamma. A constant effect has no slope
    to correct.
    """
    apart = effect - effect.mean()
    spread = float(apart @ apart)
    if spread <= CONSTANT * len(effect):
        return Shrinkage(1.0, float(gamma.mean() - effect.mean()))
    slope = float(apart @ gamma) / spread
    left = gamma - gamma.mean() - slope * apart
    error = float(np.sqrt((apart**2) @ (left**2))) / spread
    sure = slope**2 / (slope**2 + DOUBT * error**2) if slope > 0 else 0.0
    kept = min(slope, 1.0) * sure
    return Shrinkage(kept, float(gamma.mean() - kept * effect.mean()))
