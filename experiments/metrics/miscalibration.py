"""Miscalibration: the squared gap between predicted and observed churn, less what chance alone adds to it."""

import numpy as np

from experiments.metric import Metric, Numbers
from experiments.statistics.ranking import equal_count_bins

BINS = 10


def miscalibration(*, truth: Numbers, probability: Numbers, weights: Numbers) -> Numbers:
    """The mean over ten bins of equal count of (gap squared less the gap's variance), in Brier units.

    truth and probability have shape (n_rows,), weights (draws, n_rows); returns shape (draws,). The gap of a bin is
    the mean of probability less outcome, its variance that of the mean of independent rows (Ferro & Fricker 2012,
    equation 8, with the residual in place of the outcome). It is 0 on average for true probabilities, however few
    the rows, and by chance below 0. The bins are cut once, on the rows as given. Decisions use the interval of
    `experiments.statistics.miscalibration`, which keeps the rows of a customer together.
    """
    member = equal_count_bins(probability, BINS)[:, None] == np.arange(BINS)
    residual = (probability - truth)[:, None] * member
    size, total, squares = weights @ member.astype(float), weights @ residual, weights @ residual**2
    inside = size > 0
    mean = np.divide(total, size, out=np.zeros_like(total), where=inside)
    spread = np.divide(squares, size, out=np.zeros_like(total), where=inside) - mean**2
    beyond: Numbers = mean**2 - spread / np.maximum(size - 1, 1)
    found: Numbers = (size * beyond).sum(axis=1) / size.sum(axis=1)
    return found


METRIC = Metric(
    name="miscalibration",
    meaning="the mean squared gap between predicted and observed churn in ten groups, less what chance adds",
    better="lower",
    unit="squared share",
    kind="probability",
    function=miscalibration,
    anchored=True,
)
