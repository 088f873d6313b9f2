"""The distribution of a column in some rows, as counts: what a version keeps of its training rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from experiments.metric import Numbers

DECILES = np.arange(1, 10) / 10


@dataclass(frozen=True)
class Bins:
    """The bins of a column: (-inf, cuts[0]], (cuts[0], cuts[1]], ... of a number, or the levels of a category."""

    cuts: tuple[float, ...] = ()
    levels: tuple[str, ...] | None = None

    @classmethod
    def of(cls, values: pd.Series, *, category: bool) -> "Bins":
        """Bins at the deciles of a number, or the levels of a category; shape (n_rows,), missing values are left out.

        Below a smallest value that at least a tenth of the rows have there is a bin of its own, so that a constant
        column is seen to fall as well as to rise.
        """
        if category:
            return cls(levels=tuple(sorted(set(values.dropna().astype(str)))))
        known = _numbers(values)
        known = known[~np.isnan(known)]
        if not known.size:
            return cls()
        cuts = np.unique(np.quantile(known, DECILES, method="inverted_cdf"))
        if cuts[0] == known.min():
            cuts = np.concatenate([[np.nextafter(cuts[0], -np.inf)], cuts])
        return cls(tuple(float(one) for one in cuts))

    def count(self, values: pd.Series | None, *, customers: pd.Series) -> "Distribution":
        """The rows in each bin; values and customers have shape (n_rows,). Without values, all are missing."""
        sizes = np.bincount(pd.factorize(customers)[0]).astype(float)
        rows, units = float(sizes.sum()), float(sizes.sum() ** 2 / (sizes @ sizes)) if sizes.size else 0.0
        if values is None:
            return Distribution(np.zeros(self.number), rows, 0.0, rows, units)
        if self.levels is not None:
            return Distribution(*self._levels(values, self.levels), rows, units)
        found = _numbers(values)
        known = ~np.isnan(found)
        counts = np.bincount(np.searchsorted(self.cuts, found[known]), minlength=self.number)
        return Distribution(counts.astype(float), float((~known).sum()), 0.0, rows, units)

    @staticmethod
    def _levels(values: pd.Series, levels: tuple[str, ...]) -> tuple[Numbers, float, float]:
        """The rows of each level, without one (blank texts too, unless they are a level), and of another."""
        codes, texts = pd.factorize(values.astype(object))
        places = {level: place for place, level in enumerate(levels)}
        counts, blank, unseen = np.zeros(len(levels)), float((codes < 0).sum()), 0.0
        for text, rows in zip(map(str, texts), np.bincount(codes[codes >= 0], minlength=len(texts)), strict=True):
            if text in places:
                counts[places[text]] += rows
            elif text.strip():
                unseen += float(rows)
            else:
                blank += float(rows)
        return counts, blank, unseen

    @property
    def number(self) -> int:
        """How many bins there are."""
        return len(self.cuts) + 1 if self.levels is None else len(self.levels)

    def to_dict(self) -> dict[str, Any]:
        """The bins as plain data."""
        return {"cuts": list(self.cuts), "levels": None if self.levels is None else list(self.levels)}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> "Bins":
        """The bins that `to_dict` wrote."""
        levels = plain["levels"]
        return cls(tuple(plain["cuts"]), None if levels is None else tuple(levels))


@dataclass(frozen=True)
class Distribution:
    """Rows by bin, shape (n_bins,); rows without a value, and of a level that there is no bin for.

    units is how many independent rows they are worth: rows of one customer count as one (Kish 1965, with full
    correlation within a customer).
    """

    counts: Numbers
    missing: float
    unseen: float
    rows: float
    units: float

    @property
    def known(self) -> float:
        """How many rows lie in a bin."""
        return float(self.counts.sum())

    @property
    def worth(self) -> float:
        """How many independent rows a row is worth, in (0, 1]."""
        return self.units / self.rows if self.rows else 0.0

    def share(self, count: float) -> float:
        """A count as a share of all rows; 0 where there are none."""
        return count / self.rows if self.rows else 0.0

    def to_dict(self) -> dict[str, Any]:
        """The counts as plain data."""
        told = {"missing": self.missing, "unseen": self.unseen, "rows": self.rows, "units": self.units}
        return {"counts": self.counts.tolist(), **told}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> "Distribution":
        """The counts that `to_dict` wrote."""
        return cls(**{**plain, "counts": np.array(plain["counts"], dtype=float)})


def singletons(values: pd.Series, *, customers: pd.Series) -> int:
    """How many levels of a category only one customer has; by them one knows how many to expect that are new.

    values and customers have shape (n_rows,). The share of such rows estimates the chance that the next customer has a
    level that was not seen yet (Good 1953).
    """
    pairs = pd.DataFrame({"level": values.to_numpy(), "customer": customers.to_numpy()}).dropna().drop_duplicates()
    return int((pairs["level"].value_counts() == 1).sum())


def _numbers(values: pd.Series) -> Numbers:
    found: Numbers = values.to_numpy(dtype=float, na_value=np.nan)
    return found
