"""Bootstrap intervals: the same customers are resampled for every model, so that differences are paired."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from experiments.metric import Metric, Numbers, checked_inputs, evaluate, statistic, weighted
from experiments.statistics import poisson
from experiments.statistics.poisson import Clusters, Counts
from features.errors import MetricError

Method = Literal["normal", "percentile"]

# Cells of one block of draws: small enough for the cache, and a dozen temporaries stay far below 300 MB.
CHUNK_CELLS = 1 << 20
# Cells (rows times draws) from which compiled loops pay for the seconds that it takes to import and compile them.
MANY_CELLS = 1 << 25
# Draws that are turned from one line a cluster to one line a draw together: reading them one by one is slow.
TURNED_DRAWS = 64
MOST_UNDEFINED = 0.05


@dataclass(frozen=True)
class Interval:
    """A figure with its two-sided confidence interval, in the figure's own unit.

    method says where it comes from: normal or percentile bootstrap, or delong. level is the confidence;
    low is at the same time the lower bound of a one-sided interval of level (1 + level) / 2.
    """

    value: float
    low: float
    high: float
    standard_error: float
    method: str
    level: float = 0.95

    def to_dict(self) -> dict[str, float | str]:
        """Its fields as JSON can hold them."""
        return asdict(self)


@dataclass(frozen=True)
class Estimate:
    """A figure and its value under each draw; values has shape (draws,).

    Estimates under the same multiplicities may be added and subtracted: it is done inside each draw, so that what two
    have in common cancels in their difference.
    """

    point: float
    values: Numbers

    def __add__(self, other: "Estimate") -> "Estimate":
        return Estimate(self.point + other.point, self.values + other.values)

    def __sub__(self, other: "Estimate") -> "Estimate":
        return Estimate(self.point - other.point, self.values - other.values)

    def __mul__(self, factor: float) -> "Estimate":
        return Estimate(self.point * factor, self.values * factor)

    def interval(self, *, level: float = 0.95, method: Method = "normal") -> Interval:
        """Its interval; see `interval_of`."""
        return interval_of(self.values, self.point, level=level, method=method)


def multiplicities(*, n_clusters: int, draws: int, seed: int) -> Counts:
    """How often each cluster (customer) is drawn in each resample: Poisson(1), shape (draws, n_clusters).

    A count follows from seed, cluster and draw alone, on every machine. One byte a cell: 1,000 draws of 60,000
    customers take 60 MB. Use one array for all models compared.
    """
    streams = poisson.keys(n_clusters=n_clusters, seed=seed)
    if draws * n_clusters < MANY_CELLS:
        return np.ascontiguousarray(poisson.counts_of(streams, draws).T)
    from experiments.statistics import kernels

    # In memory customer by customer, as the kernels want them.
    return kernels.counts_of(streams, draws, poisson.THRESHOLDS).T


def are_many(counts: Counts, n_rows: int) -> bool:
    """Whether there are so many rows and draws that compiled loops are faster."""
    return int(counts.shape[0]) * n_rows >= MANY_CELLS


def bootstrap(under: Callable[[Numbers], Numbers], *, counts: Counts, clusters: Clusters | None = None) -> Numbers:
    """The values of a function of the weights under every draw; shape (draws,) or (draws, anything).

    under takes weights of shape (some draws, n_rows); counts has shape (draws, n_clusters); clusters, shape
    (n_rows,), gives the cluster of each row as an index below n_clusters (default: a row is a cluster).
    Draws are worked off in blocks, so memory beyond counts stays below about 100 MB up to a million rows.
    """
    n_rows = counts.shape[1] if clusters is None else clusters.size
    step = max(1, CHUNK_CELLS // n_rows)
    weightings = (block if clusters is None else np.take(block, clusters, axis=1) for block in _blocks(counts, step))
    return np.concatenate([under(weights.astype(np.float64)) for weights in weightings])


def _blocks(counts: Counts, step: int) -> Iterator[Counts]:
    """The draws in order, at most `step` at a time."""
    turned = max(step, TURNED_DRAWS)
    for start in range(0, counts.shape[0], turned):
        lines = np.ascontiguousarray(counts[start : start + turned])
        for first in range(0, lines.shape[0], step):
            yield lines[first : first + step]


def estimate(
    metric: Metric,
    *inputs: NDArray[np.generic],
    counts: Counts,
    clusters: Clusters | None = None,
    weights: Numbers | None = None,
) -> Estimate:
    """A metric on these rows and under every draw; inputs as for `evaluate`, counts and clusters as for `bootstrap`.

    weights, shape (n_rows,), at least 1: for how many rows each one stands (default: itself). Very many rows without
    weights are left to the metric's fast form, where it has one; it gives the same but for rounding.
    Raises MetricError as `evaluate` does, and when the rows and the draws do not fit each other.
    """
    n_rows = len(inputs[0]) if inputs else 0
    if n_rows != (counts.shape[1] if clusters is None else clusters.size):
        raise MetricError(
            f"metric '{metric.name}': {n_rows} rows, but draws of {counts.shape[1]} customers "
            f"{'and no' if clusters is None else f'and {clusters.size}'} row-to-customer entries. Give one a row."
        )
    if weights is not None:
        return _weighted(metric, *inputs, counts=counts, clusters=clusters, weights=weights)
    point = evaluate(metric, *inputs)
    if metric.fast is None or not are_many(counts, n_rows):
        return Estimate(point, bootstrap(statistic(metric, *inputs), counts=counts, clusters=clusters))
    of_rows = np.arange(n_rows) if clusters is None else clusters
    with np.errstate(divide="ignore", invalid="ignore"):
        return Estimate(point, metric.fast(**checked_inputs(metric, *inputs), counts=counts, clusters=of_rows))


def _weighted(
    metric: Metric, *inputs: NDArray[np.generic], counts: Counts, clusters: Clusters | None, weights: Numbers
) -> Estimate:
    """The same with row weights."""
    under, point = statistic(metric, *inputs), weighted(metric, *inputs, weights=weights)
    return Estimate(point, bootstrap(lambda drawn: under(drawn * weights), counts=counts, clusters=clusters))


def interval_of(values: Numbers, point: float, *, level: float = 0.95, method: Method = "normal") -> Interval:
    """The interval from bootstrap values, shape (draws,), around a point estimate.

    normal: point plus and minus normal quantiles of the standard deviation of the values; it reaches any
    level, however few the draws. percentile: quantiles of the values themselves. Undefined draws (NaN) are
    left out. Raises MetricError when more than 5 % of the draws are undefined, or fewer than two are left.
    """
    defined = values[~np.isnan(values)]
    if defined.size < max(2.0, (1 - MOST_UNDEFINED) * values.size):
        raise MetricError(f"only {defined.size} of {values.size} draws gave a figure: too few rows for an interval.")
    error = float(np.std(defined, ddof=1))
    if method == "normal":
        return normal_interval(point, error, level=level, method=method)
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return Interval(point, float(low), float(high), error, method, level)


def normal_interval(value: float, standard_error: float, *, level: float = 0.95, method: str = "normal") -> Interval:
    """The interval of value plus and minus the normal quantile of level times its standard error."""
    reach = float(ndtri((1 + level) / 2)) * standard_error
    return Interval(value, value - reach, value + reach, standard_error, method, level)
