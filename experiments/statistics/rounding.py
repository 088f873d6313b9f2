"""Rounding of stored numbers, so that the same data and seed give the same bytes on every machine.

Sums in BLAS, and numpy's exponential, differ in their last digits between processors. What is kept is rounded well
above that: models predict from rounded coefficients, and whatever chooses between two things compares rounded figures.
docs/decisions/0020 states why these digits.
"""

from collections.abc import Mapping
from math import isfinite
from typing import Any

import numpy as np

from experiments.metric import Numbers

COEFFICIENT_DECIMALS = 6
PROBABILITY_DECIMALS = 9
FIGURE_DIGITS, FIGURE_DECIMALS = 8, 10
PARAMETER_DIGITS = 6


def coefficients(values: Numbers) -> Numbers:
    """Fitted numbers of a model, of the order of 1, to 6 decimals; any shape."""
    return np.asarray(np.round(values, COEFFICIENT_DECIMALS) + 0.0)  # no negative zero


def coefficient(value: float) -> float:
    """One fitted number of a model, to 6 decimals."""
    return round(value, COEFFICIENT_DECIMALS) + 0.0


def probabilities(values: Numbers) -> Numbers:
    """Predictions and their differences, to 9 decimals; any shape."""
    return np.asarray(np.round(values, PROBABILITY_DECIMALS) + 0.0)


def figure(value: float) -> float:
    """A figure to 8 significant digits and at most 10 decimals; non-finite values stay."""
    return digits(round(value, FIGURE_DECIMALS), FIGURE_DIGITS) if isfinite(value) else value


def figures(values: Any) -> Numbers:
    """An array of figures, each as `figure` rounds it; any shape."""
    array = np.asarray(values, dtype=np.float64)
    return np.array([figure(one) for one in array.ravel().tolist()]).reshape(array.shape)


def parameter(value: Any) -> Any:
    """A suggested parameter: a float to 6 significant digits, anything else unchanged."""
    return digits(value, PARAMETER_DIGITS) if isinstance(value, float) else value


def digits(value: float, significant: int) -> float:
    """A finite number to so many significant digits."""
    return float(f"{value:.{significant - 1}e}") + 0.0


def plain(value: Any) -> Any:
    """Plain data with every float rounded as a figure; integers, texts and None stay."""
    if isinstance(value, float):
        return figure(value)
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value
