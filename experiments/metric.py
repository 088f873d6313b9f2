"""What a metric is: one figure of a model's quality, computed under many weightings of the same rows at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, overload

import numpy as np
from numpy.typing import NDArray

from features.errors import MetricError

Numbers = NDArray[np.float64]
Statistic = Callable[[Numbers], Numbers]
Kind = Literal["rank", "probability", "uplift", "policy"]
Better = Literal["higher", "lower", "nearer", "neither"]

INPUTS: Mapping[Kind, tuple[str, ...]] = {
    "rank": ("truth", "score"),
    "probability": ("truth", "probability"),
    "uplift": ("gamma", "uplift"),
    "policy": ("net_value",),
}


@dataclass(frozen=True)
class Metric:
    """A metric plug-in: a module of `experiments/metrics` has one, called METRIC, named like the module.

    function is called with the inputs of its kind and weights, all by keyword, and must treat many draws
    at once: the inputs have shape (n_rows,), weights has shape (draws, n_rows), the result has shape
    (draws,). A weight says how often the row is counted: 0, or at least 1; a whole number for the uplift. The inputs:
    truth, 1 = churned, 0 = not; score, any scale, higher means likelier to churn; probability of churn in
    [0, 1]; gamma, the AIPW score of a row, whose mean is an effect; uplift, the predicted effect;
    net_value, what a policy's choice earned in that row.

    ideal is set where better is "nearer". "neither" marks a figure of the data that no model changes.
    anchored says that a part of it (such as bins) is fixed on the rows as given, whatever their weights;
    every other metric obeys the law that weighting a row by k equals repeating it k times.

    fast, where there is one, is the same figure for very many rows: called with the same inputs and, for the
    weights, counts and clusters (see `experiments.statistics.intervals.bootstrap`), NaN where a draw leaves it
    undefined.

    within_classes says that it compares those who churned with those who did not, whatever their numbers: weights that
    are equal within each class change nothing.
    """

    name: str
    meaning: str
    better: Better
    unit: str
    kind: Kind
    function: Callable[..., Numbers]
    ideal: float | None = None
    anchored: bool = False
    fast: Callable[..., Numbers] | None = None
    within_classes: bool = False

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the inputs it needs, in order, besides weights."""
        return INPUTS[self.kind]


def statistic(metric: Metric, *inputs: NDArray[np.generic]) -> Statistic:
    """The metric on these rows as a function of the weights alone: (draws, n_rows) to (draws,).

    inputs are those of the metric's kind, in order. A draw in which it is not defined (one class only, no
    rows) gives NaN. Raises MetricError when an input is missing, empty, not finite, of another length or
    out of range, or when truth has one class only.
    """
    checked = checked_inputs(metric, *inputs)
    truth = checked.get("truth")

    def under(weights: Numbers) -> Numbers:
        with np.errstate(divide="ignore", invalid="ignore"):
            values = metric.function(**checked, weights=weights)
        return values if truth is None else np.where(_has_both_classes(truth, weights), values, np.nan)

    return under


def checked_inputs(metric: Metric, *inputs: NDArray[np.generic]) -> dict[str, Numbers]:
    """The inputs of a metric by name; raises MetricError as `statistic` does."""
    if len(inputs) != len(metric.inputs):
        raise MetricError(f"metric '{metric.name}' needs {metric.inputs}; it was given {len(inputs)} inputs.")
    checked = {name: _checked(metric, name, array) for name, array in zip(metric.inputs, inputs, strict=True)}
    lengths = {name: array.size for name, array in checked.items()}
    if len(set(lengths.values())) > 1:
        raise MetricError(f"metric '{metric.name}': lengths differ: {lengths}. Give one value a row in each.")
    return checked


@overload
def evaluate(metric: Metric, *inputs: NDArray[np.generic], weights: None = None) -> float: ...
@overload
def evaluate(metric: Metric, *inputs: NDArray[np.generic], weights: Numbers) -> Numbers: ...
def evaluate(metric: Metric, *inputs: NDArray[np.generic], weights: Numbers | None = None) -> float | Numbers:
    """The metric on these rows, or under each of many weightings of them.

    inputs are those of the metric's kind, in order, each of shape (n_rows,). weights: whole numbers of
    shape (draws, n_rows). Returns a number, or with weights shape (draws,), NaN where a draw leaves it
    undefined. Raises MetricError as `statistic` does, when weights are of another shape or not whole, and
    when the figure is not defined on the rows as they are (such as the slope of a constant prediction).
    """
    n_rows = len(inputs[0]) if inputs else 0
    if weights is not None:
        return statistic(metric, *inputs)(_checked_weights(metric, weights, n_rows))
    return weighted(metric, *inputs, weights=np.ones(n_rows))


def weighted(metric: Metric, *inputs: NDArray[np.generic], weights: Numbers) -> float:
    """The metric where each row stands for several; weights, shape (n_rows,), are at least 1.

    Raises MetricError as `evaluate` does.
    """
    value = float(statistic(metric, *inputs)(weights[None, :])[0])
    if not np.isfinite(value):
        raise MetricError(f"metric '{metric.name}' is not defined on these {weights.size} rows; it came to {value}.")
    return value


def weighted_mean(values: Numbers, weights: Numbers) -> Numbers:
    """The mean of values, shape (n_rows,), under every draw of weights, shape (draws, n_rows); shape (draws,)."""
    means: Numbers = weights @ values / weights.sum(axis=1)
    return means


def _checked(metric: Metric, name: str, values: NDArray[np.generic]) -> Numbers:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or array.size == 0:
        raise MetricError(f"metric '{metric.name}': {name} has shape {array.shape}; it must be one column with rows.")
    if bad := int(np.count_nonzero(~np.isfinite(array))):
        raise MetricError(f"metric '{metric.name}': {name} is missing or infinite in {bad} of {array.size} rows.")
    if name == "probability" and (array.min() < 0 or array.max() > 1):
        raise MetricError(f"metric '{metric.name}': probability lies in [{array.min()}, {array.max()}], not in [0, 1].")
    if name == "truth" and set(classes := np.unique(array).tolist()) != {0.0, 1.0}:
        raise MetricError(f"metric '{metric.name}': truth holds {classes[:5]}; it must hold both 0 and 1, no other.")
    return array


def _checked_weights(metric: Metric, weights: Numbers, n_rows: int) -> Numbers:
    array = np.asarray(weights, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != n_rows:
        raise MetricError(f"metric '{metric.name}': weights have shape {array.shape}; it must be (draws, {n_rows}).")
    if not bool(np.all((array >= 0) & (array == np.floor(array)) & np.isfinite(array))):
        raise MetricError(f"metric '{metric.name}': weights must be whole numbers and not negative.")
    return array


def _has_both_classes(truth: Numbers, weights: Numbers) -> NDArray[np.bool_]:
    both: NDArray[np.bool_] = (weights @ truth > 0) & (weights @ (1 - truth) > 0)
    return both
