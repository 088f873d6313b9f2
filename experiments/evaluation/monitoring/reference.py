"""The reference of a champion: the distribution of each column and prediction in the rows that it knows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from experiments.evaluation.monitoring.distribution import Bins, Distribution, singletons
from experiments.evaluation.monitoring.evidence import ColumnSeen

TRAINING, GATE, LAST_YEAR = "training", "the gate cohort", "the same month of last year"


@dataclass(frozen=True)
class KnownColumn:
    """A column as the champion knows it: its bins, and its distribution in training and gate cohort.

    singletons and customers are those of `ColumnSeen`.
    """

    name: str
    bins: Bins
    known: Mapping[str, Distribution]
    singletons: int = 0
    customers: int = 0

    @classmethod
    def of(
        cls, name: str, values: Mapping[str, pd.Series], *, category: bool, ids: Mapping[str, pd.Series]
    ) -> "KnownColumn":
        """A column by where its values are from, with the customers of the same rows; bins are those of the first."""
        first = next(iter(values))
        bins = Bins.of(values[first], category=category)
        known = {where: bins.count(one, customers=ids[where]) for where, one in values.items()}
        few = singletons(values[first], customers=ids[first]) if category else 0
        return cls(name, bins, known, few, int(ids[first].nunique()))

    def seen(
        self,
        values: pd.Series | None,
        ids: pd.Series,
        *,
        last_year: pd.Series | None = None,
        ids_then: pd.Series | None = None,
    ) -> ColumnSeen:
        """Today's values beside what is known, and beside those of the same month of last year, where there are any."""
        known = dict(self.known)
        if last_year is not None and ids_then is not None:
            known[LAST_YEAR] = self.bins.count(last_year, customers=ids_then)
        return ColumnSeen(self.name, self.bins.count(values, customers=ids), known, self.singletons, self.customers)

    def to_dict(self) -> dict[str, Any]:
        """The column as plain data."""
        known = {where: one.to_dict() for where, one in self.known.items()}
        told = {"singletons": self.singletons, "customers": self.customers}
        return {"name": self.name, "bins": self.bins.to_dict(), "known": known, **told}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> "KnownColumn":
        """The column that `to_dict` wrote."""
        known = {where: Distribution.from_dict(one) for where, one in plain["known"].items()}
        return cls(plain["name"], Bins.from_dict(plain["bins"]), known, plain["singletons"], plain["customers"])


@dataclass(frozen=True)
class Reference:
    """What a version knows of its columns and predictions, and the dates of training and gate cohort, ISO 8601."""

    columns: tuple[KnownColumn, ...]
    predictions: tuple[KnownColumn, ...]
    training_dates: tuple[str, ...] = ()
    gate_dates: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The reference as plain data, for JSON."""
        return {
            "columns": [one.to_dict() for one in self.columns],
            "predictions": [one.to_dict() for one in self.predictions],
            "training_dates": list(self.training_dates),
            "gate_dates": list(self.gate_dates),
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> "Reference":
        """The reference that `to_dict` wrote."""
        columns, predictions = (
            tuple(KnownColumn.from_dict(one) for one in plain[part]) for part in ("columns", "predictions")
        )
        return cls(columns, predictions, tuple(plain["training_dates"]), tuple(plain["gate_dates"]))
