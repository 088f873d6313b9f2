"""Risk levels in use: the cuts of a spec, of its segments, or by profit, and the level of each customer."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.metric import Numbers
from experiments.sections.score import HIGH_FROM, MEDIUM_FROM, ScoreSpec

BY_SPEC, BY_PROFIT, BY_DEFAULT = "spec", "highest expected profit", "default"


@dataclass(frozen=True)
class RiskCuts:
    """The probabilities from which a risk is medium and high, and where they are from.

    of has those of single segments, by the value of the column `by`; all other customers have the first two.
    """

    medium_from: float
    high_from: float
    origin: str
    by: str | None = None
    of: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def segments(self, rows: pd.DataFrame) -> npt.NDArray[np.object_] | None:
        """The segment of each row as a text, None where it is missing; None where levels are the same for all."""
        if self.by is None:
            return None
        found = [None if pd.isna(value) else str(value) for value in rows[self.by]]
        return np.array(found, dtype=object)

    def bounds(self, segments: npt.NDArray[np.object_] | None, n_rows: int) -> Numbers:
        """Both cuts of each row, shape (n_rows, 2); segments, shape (n_rows,), holds the values of `by`."""
        found = np.tile([self.medium_from, self.high_from], (n_rows, 1))
        for segment, cuts in self.of.items() if segments is not None else ():
            found[np.asarray(segments == segment, dtype=bool)] = cuts
        return found

    def places(self, score: Numbers, segments: npt.NDArray[np.object_] | None = None) -> npt.NDArray[np.intp]:
        """0 for a low risk, 1 for a medium and 2 for a high one; -1 where the score is NaN; shape (n_rows,)."""
        above = score[:, None] >= self.bounds(segments, len(score))
        return np.where(np.isnan(score), -1, above.sum(axis=1))

    def to_dict(self) -> dict[str, Any]:
        """As plain data, for JSON."""
        found = asdict(self)
        if self.by is None:
            del found["by"], found["of"]
        return found | ({"of": {name: list(cuts) for name, cuts in self.of.items()}} if self.by else {})

    @property
    def text(self) -> str:
        """In a line, as it is recorded where levels are used."""
        whole = f"{self.medium_from:g}/{self.high_from:g} ({self.origin})"
        return "; ".join([whole, *(f"{name}: {low:g}/{high:g}" for name, (low, high) in sorted(self.of.items()))])


def in_use(asked: ScoreSpec, derived: tuple[float, float] | None) -> RiskCuts:
    """The cuts of a spec; where it says none of the whole, those derived by profit, else 0.1 and 0.25."""
    of = {name: (cuts.medium_from, cuts.high_from) for name, cuts in asked.cuts.items()}
    if asked.said is not None:
        return RiskCuts(asked.said.medium_from, asked.said.high_from, BY_SPEC, asked.by, of)
    if derived is not None:
        return RiskCuts(*derived, BY_PROFIT, asked.by, of)
    return RiskCuts(MEDIUM_FROM, HIGH_FROM, BY_DEFAULT, asked.by, of)
