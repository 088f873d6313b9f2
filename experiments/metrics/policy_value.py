"""Policy value: the average value of a policy's chosen actions, after the cost of the contacts."""

from experiments.metric import Metric, Numbers, weighted_mean
from experiments.statistics.poisson import Clusters, Counts


def policy_value(*, net_value: Numbers, weights: Numbers) -> Numbers:
    """The mean over customers of value times gamma of the chosen action, less its cost; 0 for no action.

    net_value, as `experiments.money.policy.realised` gives it, has shape (n_rows,) and is in the currency of the
    spec; weights has shape (draws, n_rows); returns shape (draws,).
    """
    return weighted_mean(net_value, weights)


def fast(*, net_value: Numbers, counts: Counts, clusters: Clusters) -> Numbers:
    """The same under many draws of very many rows."""
    from experiments.statistics import kernels

    return kernels.means(net_value, counts=counts, clusters=clusters)


METRIC = Metric(
    name="policy_value",
    meaning="what the policy earns per customer, after costs, compared with doing nothing",
    better="higher",
    unit="currency per customer",
    kind="policy",
    function=policy_value,
    fast=fast,
)
