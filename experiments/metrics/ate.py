"""ATE: what an action changes on average if everybody gets it."""

from experiments.metric import Metric, Numbers, weighted_mean
from experiments.statistics.poisson import Clusters, Counts


def ate(*, gamma: Numbers, uplift: Numbers, weights: Numbers) -> Numbers:
    """The average treatment effect: the mean of gamma, in outcomes per customer.

    gamma has shape (n_rows,), weights (draws, n_rows); returns shape (draws,). The predicted uplift plays no part.
    """
    del uplift
    return weighted_mean(gamma, weights)


def fast(*, gamma: Numbers, uplift: Numbers, counts: Counts, clusters: Clusters) -> Numbers:
    """The same under many draws of very many rows."""
    from experiments.statistics import kernels

    del uplift
    return kernels.means(gamma, counts=counts, clusters=clusters)


METRIC = Metric(
    name="ate",
    meaning="what the action changes on average if everybody gets it",
    better="neither",
    unit="outcomes per customer",
    kind="uplift",
    function=ate,
    fast=fast,
)
