"""Average precision: the share of leavers among those ranked at least as high, averaged over all leavers."""

import numpy as np

from experiments.metric import Metric, Numbers
from experiments.statistics.ranking import block_totals, ranked


def average_precision(*, truth: Numbers, score: Numbers, weights: Numbers) -> Numbers:
    """The sum over thresholds of precision times the gain in recall, in (0, 1]; tied rows enter together.

    truth and score have shape (n_rows,), weights (draws, n_rows); returns shape (draws,). The definition
    is scikit-learn's `average_precision_score`: no interpolation between thresholds.
    """
    ranking = ranked(score)
    positives = block_totals(ranking, weights * truth)
    ranked_so_far = np.cumsum(block_totals(ranking, weights), axis=1)
    precision = np.cumsum(positives, axis=1) / np.maximum(ranked_so_far, 1)
    average: Numbers = np.einsum("ij,ij->i", positives, precision) / positives.sum(axis=1)
    return average


METRIC = Metric(
    name="average_precision",
    meaning="the share of leavers among those ranked at least as high, averaged over all leavers",
    better="higher",
    unit="share",
    kind="rank",
    function=average_precision,
)
