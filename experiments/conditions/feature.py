"""A condition of an alert rule: compares a column with numbers or categories, or tests if it is missing."""

import operator
from collections.abc import Iterator

import numpy as np
from pydantic import Field, model_validator

from experiments.logic import truth
from experiments.logic.condition import Columns, Condition, ConditionKind, Edges, Values, is_missing
from experiments.logic.truth import Truth
from features.section import Name

COMPARED = {"at_least": operator.ge, "above": operator.gt, "at_most": operator.le, "below": operator.lt}


class FeatureCondition(Condition):
    """Bounds that a number must meet, all of them; or categories of which it must be one; or whether it is missing.

    Bounds are in the feature's own unit. A missing value makes bounds and categories unknown; `missing` itself is
    always known.
    """

    feature: Name
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None
    is_one_of: tuple[Name, ...] = Field((), alias="is")
    missing: bool | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_category_is_a_list_of_one(cls, said: object) -> object:
        if not isinstance(said, dict) or "is" not in said:
            return said
        some = said["is"] if isinstance(said["is"], list | tuple) else (said["is"],)
        if any(isinstance(one, bool | float) for one in some):
            raise ValueError(f"`is` has {list(some)}; put categories such as 'yes' and '1.5' in quotes")
        # Categories are texts, also where they look like numbers.
        return {**said, "is": tuple(str(one) if isinstance(one, int) else one for one in some)}

    @model_validator(mode="after")
    def _says_one_thing(self) -> "FeatureCondition":
        ways = [bool(self.bounds), bool(self.is_one_of), self.missing is not None]
        if sum(ways) != 1:
            raise ValueError(
                f"'{self.feature}' needs one of: bounds ({', '.join(COMPARED)}), `is` with categories, or `missing`"
            )
        return self

    @property
    def bounds(self) -> dict[str, float]:
        """The bounds that are given, by name."""
        given = {name: getattr(self, name) for name in COMPARED}
        return {name: bound for name, bound in given.items() if bound is not None}

    def columns(self) -> frozenset[str]:
        """The one column."""
        return frozenset({self.feature})

    def truth(self, values: Values) -> Truth:
        """Whether each customer's value meets all bounds, is one of the categories, or is missing."""
        column = values[self.feature]
        gone = is_missing(column)
        if self.missing is not None:
            return truth.of(gone == self.missing, known=np.ones(len(column), dtype=bool))
        if self.is_one_of:
            return truth.of(np.isin(column.astype(str), self.is_one_of), known=~gone)
        numbers = column.astype(float)
        met = [COMPARED[name](numbers, bound) for name, bound in self.bounds.items()]
        return truth.of(np.logical_and.reduce(met), known=~gone)

    def edges(self) -> Edges:
        """The bounds, or the categories."""
        return {self.feature: self.is_one_of or tuple(self.bounds.values())}

    def mistakes(self, columns: Columns) -> Iterator[str]:
        """A column that there is not, bounds of a category, categories of a number, or a category that is not there."""
        column = columns.get(self.feature)
        if column is None:
            yield f"there is no feature '{self.feature}'"
        elif self.bounds and column.type != "number":
            yield f"'{self.feature}' is a category and has no order; write `is` with its values"
        elif self.is_one_of and column.type != "category":
            yield f"'{self.feature}' is a number; write bounds such as at_least and below"
        elif column.categories and (unknown := sorted(set(self.is_one_of) - set(column.categories))):
            yield f"'{self.feature}' has no {unknown}; it has {list(column.categories)}"

    def words(self) -> str:
        """The column with its bounds, its categories, or that it is missing."""
        if self.missing is not None:
            return f"{self.feature} is {'' if self.missing else 'not '}missing"
        if self.is_one_of:
            return f"{self.feature} is {' or '.join(self.is_one_of)}"
        said = (f"{name.replace('_', ' ')} {bound:g}" for name, bound in self.bounds.items())
        return f"{self.feature} {' and '.join(said)}"


KIND = ConditionKind(
    "feature",
    "a feature against bounds, among categories, or missing",
    FeatureCondition,
    {"feature": "tenure_days", "at_least": 30, "below": 90},
)
