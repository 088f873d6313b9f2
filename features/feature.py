"""What a feature is: an aggregate over a History, with a unit and a meaning."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import ibis.expr.types as ir
import numpy as np
from numpy.typing import NDArray

from features.errors import SchemaError
from features.history import STATE_TABLES, History, source_of

Numbers = NDArray[np.float64]
Across = Callable[[Numbers], Numbers]
FeatureType = Literal["number", "category"]


@dataclass(frozen=True)
class FeatureColumn:
    """One column of the model's input, as in the contract.

    minimum and maximum are inclusive, in `unit`; categories are what a category was seen or declared to be.
    """

    name: str
    meaning: str
    unit: str | None = None
    type: FeatureType = "number"
    minimum: float | None = None
    maximum: float | None = None
    categories: tuple[str, ...] = ()


@dataclass(frozen=True)
class Feature:
    """A feature, or one of its variants: the table it aggregates, and the aggregate itself.

    across, where there is one, turns the values of all customers, shape (n_customers,) with NaN where missing, into
    what the feature is: a rank among them. reach is how many days back it must see; 0 for whatever the look-back gives.
    """

    column: FeatureColumn
    table: str
    theme: str
    aggregate: Callable[[History], ir.Value]
    across: Across | None = None
    reach: int = 0


@dataclass(frozen=True)
class FeatureDefinition:
    """The result of `@feature`: one feature, or one for each variant."""

    name: str
    features: tuple[Feature, ...]


def feature(
    *,
    table: str,
    unit: str | None,
    days: tuple[int, ...] = (),
    before: int = 0,
    each: tuple[str, ...] = (),
    type: FeatureType = "number",  # noqa: A002 - the word of the contract
    minimum: float | None = None,
    maximum: float | None = None,
    across: Across | None = None,
) -> Callable[[Callable[..., Any]], FeatureDefinition]:
    """Declare a feature: the function's name is the column, its docstring's first line the meaning.

    With days, the function takes a window as its second argument and becomes one column for each:
    `logins` with days=(30, 90) gives `logins_30d` and `logins_90d`; `{days}` in the docstring is replaced. With each,
    the same with names: `score` with each=("renewal",) gives `score_renewal`, and `{each}` is replaced. before is how
    many days it sees before its window, or in all where it has none: the look-back must reach as far.
    Raises SchemaError when the function has no docstring, or both are given.
    """

    def declare(function: Callable[..., Any]) -> FeatureDefinition:
        name = function.__name__
        if not function.__doc__ or (days and each):
            raise SchemaError(
                f"feature '{name}' needs a docstring, whose first line is its meaning, and days or each, not both."
            )
        meaning = function.__doc__.strip().splitlines()[0].rstrip(".")
        theme = function.__module__.rsplit(".", 1)[-1]

        def one(column_name: str, words: str, aggregate: Callable[[History], ir.Value], window: int = 0) -> Feature:
            column = FeatureColumn(column_name, words, unit, type, minimum, maximum)
            reach = 0 if source_of(table) in STATE_TABLES else window + before  # a state is never cut
            return Feature(column, table, theme, aggregate, across, reach)

        if not days and not each:
            return FeatureDefinition(name, (one(name, meaning, function),))
        windows = [
            one(f"{name}_{window}d", meaning.replace("{days}", str(window)), _bound(function, window), window)
            for window in days
        ]
        kinds = [
            one(f"{name}_{kind}", meaning.replace("{each}", kind.replace("_", " ")), _bound(function, kind))
            for kind in each
        ]
        return FeatureDefinition(name, (*windows, *kinds))

    return declare


def _bound(function: Callable[..., Any], variant: int | str) -> Callable[[History], ir.Value]:
    return lambda history: function(history, variant)


def quintile(values: Numbers) -> Numbers:
    """The quintile of each value over all customers, 1 the lowest; equal values share one, NaN stays NaN."""
    known = ~np.isnan(values)
    fifths, present = np.full(values.shape, np.nan), values[known]
    if present.size:
        # A value lies above a fifth when as many as make up that fifth are less than it.
        last = np.ceil(np.arange(1, 5) * present.size / 5).astype(int) - 1
        fifths[known] = 1 + np.searchsorted(np.partition(present, last)[last], present, side="left")
    return fifths
