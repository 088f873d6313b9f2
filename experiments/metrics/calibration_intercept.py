"""Calibration intercept: whether the probabilities are on average too high (below 0) or too low (above 0)."""

import numpy as np

from experiments.metric import Metric, Numbers
from experiments.statistics.newton import logistic_fit, logits


def calibration_intercept(*, truth: Numbers, probability: Numbers, weights: Numbers) -> Numbers:
    """The shift a of `logit P(churn) = a + logit(probability)`, fitted by maximum likelihood; 0 is ideal.

    truth and probability have shape (n_rows,), weights (draws, n_rows); returns shape (draws,). The slope
    is held at 1: this is "calibration in the large" (Van Calster et al. 2016, equation 2), not the
    intercept that is fitted along with the slope.
    """
    ones = np.ones((probability.size, 1))
    return logistic_fit(ones, target=truth, weights=weights, offset=logits(probability))[:, 0]


METRIC = Metric(
    name="calibration_intercept",
    meaning="0: the probabilities are right on the whole; below 0: too high; above 0: too low",
    better="nearer",
    unit="logits",
    kind="probability",
    function=calibration_intercept,
    ideal=0.0,
)
