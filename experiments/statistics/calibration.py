"""Calibration of probabilities: of customers given 30 %, three in ten should leave."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from experiments.metric import Numbers
from experiments.statistics import rounding
from experiments.statistics.newton import NEAREST_TO_CERTAIN, logistic_fit, logits
from experiments.statistics.ranking import equal_count_bins
from features.errors import MetricError

# Log-odds that differ by less are the same.
SAME = 1e-7


@dataclass(frozen=True)
class Calibration:
    """A recalibration: logit of the new probability = intercept + slope * logit of the old one."""

    slope: float
    intercept: float

    def apply(self, probability: NDArray[np.generic]) -> Numbers:
        """The recalibrated probabilities, in [0, 1], of the same shape.

        Spelt out, because the scorer of a registered model does the very same steps and must get the same bits.
        """
        clipped = np.clip(np.asarray(probability, dtype=np.float64), NEAREST_TO_CERTAIN, 1.0 - NEAREST_TO_CERTAIN)
        log_odds = self.intercept + self.slope * np.log(clipped / (1.0 - clipped))
        corrected: Numbers = 1.0 / (1.0 + np.exp(-log_odds))
        return corrected

    def shifted(self, by: float) -> "Calibration":
        """The same with so much added to the log-odds, rounded as a model keeps it."""
        return Calibration(self.slope, rounding.coefficient(self.intercept + by))


@dataclass(frozen=True)
class ReliabilityBin:
    """Customers of similar probability: the mean predicted, the share observed, and its 95 % Wilson interval."""

    n_rows: int
    predicted: float
    observed: float
    low: float
    high: float


def fit(truth: NDArray[np.generic], probability: NDArray[np.generic], *, weights: Numbers | None = None) -> Calibration:
    """The maximum-likelihood recalibration of out-of-fold probabilities (Platt 1999).

    truth, 1 = churned, and probability have shape (n_rows,), and so have weights, above 0: for how many rows each
    stands, relative to the others (None: all for as many). As with Platt, a positive counts as
    (n_pos + 1) / (n_pos + 2) and a negative as 1 / (n_neg + 2): so the fit is finite even where the
    probability separates the classes. A constant probability cannot tell a slope: it stays 1, and the
    mean is set right. A probability that ranks the wrong way round (a slope below 0) is worthless, and
    turning it round would be fitting noise: slope 0, everybody gets the mean.
    Raises MetricError for shapes that differ, values out of range, or one class only.
    """
    y, p = _checked(truth, probability)
    of_rows = np.ones(y.size) if weights is None else weights / weights.mean()
    n_positive = float(y.sum() if weights is None else of_rows @ y)
    target = np.where(y == 1, (n_positive + 1) / (n_positive + 2), 1 / (y.size - n_positive + 2))
    x, mean = logits(p), float(logits(target.mean() if weights is None else np.average(target, weights=of_rows)))
    if np.ptp(x) < SAME:
        return Calibration(1.0, rounding.coefficient(mean - float(x.mean())))
    spread = float(x.std())
    columns = np.column_stack([np.ones(x.size), (x - x.mean()) / spread])
    intercept, steepness = logistic_fit(columns, target=target, weights=of_rows[None, :])[0].tolist()
    slope = rounding.coefficient(steepness / spread)
    if slope < 0:
        return Calibration(0.0, rounding.coefficient(mean))
    return Calibration(slope, rounding.coefficient(intercept - slope * float(x.mean())))


def reliability(
    truth: NDArray[np.generic],
    probability: NDArray[np.generic],
    *,
    bins: int = 10,
    weights: Numbers | None = None,
) -> tuple[ReliabilityBin, ...]:
    """Predicted against observed churn in bins of equal count, lowest probability first.

    truth and probability have shape (n_rows,), and so have weights: for how many rows each stands. Tied rows share a
    bin, so with many ties there are fewer. The Wilson intervals take rows for independent, and weighted ones for as
    many as tell as much (Kish 1965). Raises MetricError as `fit` does.
    """
    y, p = _checked(truth, probability)
    bin_of = equal_count_bins(p, bins)
    of_rows = np.ones(y.size) if weights is None else weights
    chosen = (bin_of == index for index in np.unique(bin_of))
    return tuple(_bin(y[rows], p[rows], of_rows[rows]) for rows in chosen)


def _bin(truth: Numbers, probability: Numbers, weights: Numbers) -> ReliabilityBin:
    """The figures of one bin; the interval is that of Wilson 1927, which stays within [0, 1]."""
    alike = float(np.ptp(weights)) == 0
    n_rows = truth.size if alike else float(weights.sum() ** 2 / (weights @ weights))
    observed, predicted = (
        float(values.mean() if alike else np.average(values, weights=weights)) for values in (truth, probability)
    )
    z = float(ndtri(0.975))
    centre = (observed + z**2 / (2 * n_rows)) / (1 + z**2 / n_rows)
    reach = z / (1 + z**2 / n_rows) * float(np.sqrt(observed * (1 - observed) / n_rows + z**2 / (4 * n_rows**2)))
    low, high = max(0.0, centre - reach), min(1.0, centre + reach)
    return ReliabilityBin(truth.size, predicted, observed, low, high)


def _checked(truth: NDArray[np.generic], probability: NDArray[np.generic]) -> tuple[Numbers, Numbers]:
    y, p = np.asarray(truth, dtype=np.float64), np.asarray(probability, dtype=np.float64)
    if y.shape != p.shape or y.ndim != 1:
        raise MetricError(f"calibration: truth has shape {y.shape}, probability {p.shape}; give one of each a row.")
    if not bool(np.all((p >= 0) & (p <= 1))):
        raise MetricError("calibration: a probability is missing or not in [0, 1].")
    if set(classes := np.unique(y).tolist()) != {0.0, 1.0}:
        raise MetricError(f"calibration: truth holds {classes[:5]}; it must hold both 0 and 1, and no other.")
    return y, p
