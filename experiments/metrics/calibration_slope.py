"""Calibration slope: whether the probabilities are too extreme (below 1) or not extreme enough (above 1)."""

import numpy as np

from experiments.metric import Metric, Numbers
from experiments.statistics.newton import logistic_fit, logits


def calibration_slope(*, truth: Numbers, probability: Numbers, weights: Numbers) -> Numbers:
    """The slope b of `logit P(churn) = a + b logit(probability)`, fitted by maximum likelihood; 1 is ideal.

    truth and probability have shape (n_rows,), weights (draws, n_rows); returns shape (draws,). NaN where
    there is no finite fit: a constant probability, or one that separates the classes (Cox 1958).
    """
    columns = np.column_stack([np.ones_like(probability), logits(probability)])
    return logistic_fit(columns, target=truth, weights=weights)[:, 1]


METRIC = Metric(
    name="calibration_slope",
    meaning="1: the probabilities are spread as far as they should be; below 1: too far; above 1: not far enough",
    better="nearer",
    unit="logits per logit",
    kind="probability",
    function=calibration_slope,
    ideal=1.0,
)
