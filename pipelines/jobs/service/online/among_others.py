"""Features that rank a customer among all others, for one customer: among those of the newest batch.

In a batch such a feature is computed over everybody at once. For one customer later on, the others stay as the batch
has them: a value gets what the batch gave to that value, or to the next greater one that it had. At the moment of the
batch that is the batch's own value.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from features.feature import Across, Feature, Numbers
from features.matrix import spread
from pipelines.matrix.duckdb_engine import Engine
from pipelines.matrix.matrices import beside

OBSERVED = "observed"


@dataclass(frozen=True)
class AmongOthers:
    """What a feature gave to the values of a batch.

    values, shape (n_values,), rise and occur once each; given, shape (n_values,), is what each got; every, shape
    (n_customers,), holds all values of the batch that are not missing.
    """

    across: Across
    values: Numbers
    given: Numbers
    every: Numbers

    @classmethod
    def of(cls, across: Across, every: Numbers) -> "AmongOthers":
        """What across gives to the values of all customers, shape (n_customers,), NaN where missing."""
        known = every[~np.isnan(every)]
        values, first = np.unique(known, return_index=True)
        return cls(across, values, across(known)[first], known)

    def __call__(self, values: Numbers) -> Numbers:
        """What each of a few customers' values gets, shape (n_customers,); NaN stays NaN."""
        found = np.full(values.shape, np.nan)
        place = np.searchsorted(self.values, values)
        inside = ~np.isnan(values) & (place < self.values.size)
        found[inside] = self.given[place[inside]]
        for at in np.flatnonzero(~np.isnan(values) & ~inside):  # above all of them
            found[at] = self.across(np.append(self.every, values[at]))[-1]
        return found


def read(
    engine: Engine, features: Collection[Feature], *, look_back_days: int, until: datetime
) -> dict[str, AmongOthers]:
    """For each feature that is computed over everybody, by its name, what it gave at the moment `until` of a batch.

    engine has the batch's tables, and its customers as the table `observed`.
    """
    ranked = {one.column.name: (one, one.across) for one in features if one.across}
    if not ranked:
        return {}
    observed = engine.connection.table(OBSERVED)
    own = {name: replace(one, across=None) for name, (one, _) in ranked.items()}
    found = engine.snapshot(own.values(), as_of=until, look_back_days=look_back_days, observed=observed)
    size = engine.size(observed)
    every = beside(spread(part, size, own) for part in found)
    return {name: AmongOthers.of(across, every[name].to_numpy()) for name, (_, across) in ranked.items()}


def placed(features: Collection[Feature], others: Mapping[str, AmongOthers]) -> dict[str, Feature]:
    """The features by name; those that rank among everybody rank among the others of a batch."""
    return {one.column.name: replace(one, across=others.get(one.column.name)) for one in features}
