"""Brier score: the mean squared difference between predicted probability and outcome."""

from experiments.metric import Metric, Numbers, weighted_mean
from experiments.statistics.poisson import Clusters, Counts


def brier(*, truth: Numbers, probability: Numbers, weights: Numbers) -> Numbers:
    """The mean squared gap between probability and outcome, in [0, 1]; 0 is perfect (Brier 1950).

    truth and probability have shape (n_rows,), weights (draws, n_rows); returns shape (draws,).
    """
    return weighted_mean((probability - truth) ** 2, weights)


def fast(*, truth: Numbers, probability: Numbers, counts: Counts, clusters: Clusters) -> Numbers:
    """The same under many draws of very many rows."""
    from experiments.statistics import kernels

    loss = (probability - truth) ** 2
    mean: Numbers = kernels.of_both_classes(loss[:, None], truth, counts=counts, clusters=clusters)[0]
    return mean


METRIC = Metric(
    name="brier",
    meaning="the mean squared gap between the probability and what happened",
    better="lower",
    unit="squared share",
    kind="probability",
    function=brier,
    fast=fast,
)
