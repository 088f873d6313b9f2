"""What a condition is: a statement about each customer, made of kinds of conditions by `all`, `any` and `not`."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from experiments.logic import truth
from experiments.logic.truth import Truth
from features.section import Section

# By column, shape (n_customers,): numbers with NaN, or texts with None, where a value is missing.
Values = Mapping[str, NDArray[Any]]
# By column: values at which a condition may change its truth.
Edges = Mapping[str, tuple[float | str, ...]]


@dataclass(frozen=True)
class KnownColumn:
    """A column that rules may use: its type, its range (inclusive) and, of a category, its values where known."""

    type: Literal["number", "category"]
    minimum: float | None = None
    maximum: float | None = None
    categories: tuple[str, ...] = ()


Columns = Mapping[str, KnownColumn]


class Condition(Section):
    """A statement about each customer; it is true, false, or unknown where a value that decides is missing."""

    @abstractmethod
    def columns(self) -> frozenset[str]:
        """The columns that it reads."""

    @abstractmethod
    def truth(self, values: Values) -> Truth:
        """Its truth for each customer, shape (n_customers,)."""

    @abstractmethod
    def edges(self) -> Edges:
        """The values at which its truth may change, by column."""

    @abstractmethod
    def mistakes(self, columns: Columns) -> Iterator[str]:
        """What is wrong with it, given the columns that there are: one sentence each."""

    @abstractmethod
    def words(self) -> str:
        """What it says, as a person would write it."""


@dataclass(frozen=True)
class ConditionKind:
    """A kind of condition: a module of `experiments/conditions` has one, called KIND, named like the module.

    name is the key that every condition of this kind has, and by which it is recognised in YAML; condition reads it.
    example is a condition of this kind as YAML says it, about values that may be missing.
    """

    name: str
    meaning: str
    condition: type[Condition]
    example: Mapping[str, Any]


class Several(Condition):
    """`all` or `any` of one or more conditions."""

    joined: Literal["all", "any"]
    parts: tuple[Condition, ...]

    def columns(self) -> frozenset[str]:
        """The columns of its parts."""
        return frozenset[str]().union(*(part.columns() for part in self.parts))

    def truth(self, values: Values) -> Truth:
        """AND or OR of its parts."""
        join = truth.all_of if self.joined == "all" else truth.any_of
        return join(*(part.truth(values) for part in self.parts))

    def edges(self) -> Edges:
        """The edges of its parts."""
        found: dict[str, tuple[float | str, ...]] = {}
        for part in self.parts:
            for column, some in part.edges().items():
                found[column] = (*found.get(column, ()), *some)
        return found

    def mistakes(self, columns: Columns) -> Iterator[str]:
        """Those of its parts."""
        for part in self.parts:
            yield from part.mistakes(columns)

    def words(self) -> str:
        """Its parts, joined by `and` or `or`."""
        between = " and " if self.joined == "all" else " or "
        return between.join(
            f"({part.words()})" if isinstance(part, Several) and len(part.parts) > 1 else part.words()
            for part in self.parts
        )


class Not(Condition):
    """The negation of a condition."""

    part: Condition

    def columns(self) -> frozenset[str]:
        """Those of what it negates."""
        return self.part.columns()

    def truth(self, values: Values) -> Truth:
        """True where the other is false; unknown stays unknown."""
        return truth.not_(self.part.truth(values))

    def edges(self) -> Edges:
        """Those of what it negates."""
        return self.part.edges()

    def mistakes(self, columns: Columns) -> Iterator[str]:
        """Those of what it negates."""
        return self.part.mistakes(columns)

    def words(self) -> str:
        """What it negates, after `not`."""
        return f"not ({self.part.words()})"


def is_missing(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Where a column has no value: NaN of numbers, None or NaN of texts. Shape (n_customers,)."""
    if values.dtype.kind in "fiub":
        gone: NDArray[np.bool_] = np.isnan(values.astype(float))
        return gone
    return np.array([one is None or one != one for one in values], dtype=bool)  # noqa: PLR0124 - NaN differs from itself
