"""Calibration error: the gap between predicted and observed churn, averaged over ten groups of customers."""

import numpy as np

from experiments.metric import Metric, Numbers
from experiments.statistics.poisson import Clusters, Counts
from experiments.statistics.ranking import equal_count_bins

BINS = 10


def calibration_error(*, truth: Numbers, probability: Numbers, weights: Numbers) -> Numbers:
    """The expected calibration error (ECE) over ten bins of equal count, in [0, 1]; 0 is perfect.

    truth and probability have shape (n_rows,), weights (draws, n_rows); returns shape (draws,). The bins
    are cut once, on the rows as given, and stay under every weighting; tied rows share a bin. The ECE of a
    perfect model is above 0 by chance (about 0.8 sqrt(p (1 - p) 10 / n_rows)), so its interval near 0 says little.
    """
    error: Numbers = np.abs(weights @ _gaps(truth, probability)).sum(axis=1) / weights.sum(axis=1)
    return error


def fast(*, truth: Numbers, probability: Numbers, counts: Counts, clusters: Clusters) -> Numbers:
    """The same under many draws of very many rows."""
    from experiments.statistics import kernels

    gaps = kernels.of_both_classes(_gaps(truth, probability), truth, counts=counts, clusters=clusters)
    error: Numbers = np.abs(gaps).sum(axis=0)
    return error


def _gaps(truth: Numbers, probability: Numbers) -> Numbers:
    """Each row's gap in the column of its bin, 0 in the others; shape (n_rows, BINS)."""
    bins = equal_count_bins(probability, BINS)
    gaps: Numbers = (probability - truth)[:, None] * (bins[:, None] == np.arange(BINS))
    return gaps


METRIC = Metric(
    name="calibration_error",
    meaning="the gap between predicted and observed churn, averaged over ten groups of equal size",
    better="lower",
    unit="share",
    kind="probability",
    function=calibration_error,
    fast=fast,
    anchored=True,
)
