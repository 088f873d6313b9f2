"""What a feature is: a few lines over a History, with a unit and a meaning."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import ibis.expr.types as ir

from features.errors import SchemaError
from features.history import History

FeatureType = Literal["number", "category"]


@dataclass(frozen=True)
class FeatureColumn:
    """One column of the model's input, as it stands in the contract.

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
    """A feature, or one of its windows: the table it aggregates, and the aggregate itself."""

    column: FeatureColumn
    table: str
    theme: str
    aggregate: Callable[[History], ir.Value]


@dataclass(frozen=True)
class FeatureDefinition:
    """What `@feature` makes of a function: one feature, or one for each window."""

    name: str
    features: tuple[Feature, ...]


def feature(
    *,
    table: str,
    unit: str | None,
    days: tuple[int, ...] = (),
    type: FeatureType = "number",  # noqa: A002 - the word of the contract
    minimum: float | None = None,
    maximum: float | None = None,
) -> Callable[[Callable[..., Any]], FeatureDefinition]:
    """Declare a feature over one table: its name is the function's, its meaning the docstring's first line.

    With `days`, the function also takes a window in days and yields one column for each: `logins` with days
    (30, 90) gives `logins_30d` and `logins_90d`; `{days}` in the docstring is replaced.
    Raises SchemaError when the function has no docstring.
    """

    def declare(function: Callable[..., Any]) -> FeatureDefinition:
        name = function.__name__
        if not function.__doc__:
            raise SchemaError(f"feature '{name}' has no docstring; its first line is the feature's meaning.")
        meaning = function.__doc__.strip().splitlines()[0].rstrip(".")
        theme = function.__module__.rsplit(".", 1)[-1]

        def one(column_name: str, words: str, aggregate: Callable[[History], ir.Value]) -> Feature:
            column = FeatureColumn(column_name, words, unit, type, minimum, maximum)
            return Feature(column, table, theme, aggregate)

        if not days:
            return FeatureDefinition(name, (one(name, meaning, function),))
        windows = tuple(
            one(f"{name}_{window}d", meaning.replace("{days}", str(window)), _windowed(function, window))
            for window in days
        )
        return FeatureDefinition(name, windows)

    return declare


def _windowed(function: Callable[..., Any], window: int) -> Callable[[History], ir.Value]:
    return lambda history: function(history, window)
