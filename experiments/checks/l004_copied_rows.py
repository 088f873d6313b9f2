"""Rows that occur in both parts of a split, as after oversampling."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.leaks.check import EncodedRows, LeakEvidence, LeakFinding, check
from experiments.metric import Numbers

# A column identifies rows when it has at least this many values, as a share of the distinct rows ...
MANY_VALUES = 0.10
# ... and a value of it is rare when at most this share of them has it.
RARE = 0.01
EXCESS = 0.05
LEAST_COPIES = 20
ROWS_AT_ONCE = 10_000


@check("L004")
def copied_rows(evidence: LeakEvidence) -> tuple[LeakFinding, ...]:
    """No customer and date occurs twice, and no rows to judge are copies of rows to fit.

    Customers who are alike by chance have either outcome; copies always have the same. So among the judged rows of an
    outcome, the share with an identical fitted row of the same outcome may exceed by 0.05 the share that the identical
    rows of the other outcome explain. Only rows with a rare value in the column with most values count: in a table of a
    few categories, identical rows mean nothing.
    """
    return (*_repeated(evidence), *(_copied(evidence) if evidence.contract.columns else ()))


def _repeated(evidence: LeakEvidence) -> Iterator[LeakFinding]:
    sides: list[EncodedRows] = [evidence.training, evidence.gate]
    keys = pd.DataFrame(
        {name: np.concatenate([getattr(one, name) for one in sides]) for name in ("customers", "as_of")}
    )
    again = int(keys.duplicated().sum())
    if again:
        yield LeakFinding(
            "customer_id, as_of",
            again,
            0,
            f"rows: {again:,} of {len(keys):,} repeat the customer and date of another, 0 are allowed. Remove them.",
            _repeats(keys),
        )


def _copied(evidence: LeakEvidence) -> Iterator[LeakFinding]:
    rows = row_hashes(evidence.training.X)
    apart = _with_rare_value(evidence.training.X, rows)
    for outcome in (0.0, 1.0):
        found = _identical_rows(evidence, rows=rows, among=apart & (evidence.training.y == outcome), outcome=outcome)
        if found.same >= LEAST_COPIES and found.share > found.allowed:
            yield LeakFinding(
                "rows",
                found.share,
                found.allowed,
                f"rows: {found.share:.1%} of the {found.rows:,} judged ones with outcome {outcome:g} have an identical"
                f" row with the same outcome among those that are fitted on, up to {found.allowed:.1%} is allowed: they"
                " are copies. Remove them; do not oversample.",
                _copies(evidence, outcome),
            )


def _copies(evidence: LeakEvidence, outcome: float) -> tuple[tuple[int, int], ...]:
    """The rows to remove, each with the first row equal to it in all columns, among training rows of this outcome.

    A row of the gate cohort is a copy when all columns are equal: a check that refuses does not use its outcome.
    """
    learnt, judged = evidence.training, evidence.gate
    X = np.concatenate([learnt.X, judged.X])
    equal = row_hashes(X)
    asked = np.concatenate([learnt.y == outcome, np.ones(len(judged.y), dtype=np.bool_)])
    places = np.flatnonzero(asked & _with_any_rare_value(X, equal))
    found = _repeats(pd.DataFrame({"equal": equal[places]}))
    return tuple((int(places[one]), int(places[of])) for one, of in found)


def _repeats(keys: pd.DataFrame) -> tuple[tuple[int, int], ...]:
    """The positions of rows that repeat an earlier row's keys, each with the position of the first such row."""
    group = keys.groupby(list(keys.columns), sort=False, dropna=False).ngroup().to_numpy()
    first = np.unique(group, return_index=True)[1][group]
    return tuple((int(one), int(first[one])) for one in np.flatnonzero(first != np.arange(len(group))))


@dataclass(frozen=True)
class IdenticalRows:
    """Counts of the judged rows of one outcome: all, and those with an identical fitted row of the same or the other
    outcome; odds is the number of rows of this outcome per row of the other.
    """

    rows: int
    same: int
    other: int
    odds: float

    @property
    def share(self) -> float:
        """The share of rows with an identical row of the same outcome."""
        return self.same / self.rows

    @property
    def allowed(self) -> float:
        """The largest share that chance explains, plus a margin.

        When a row has an identical one of the other outcome with probability q, it has one of its own outcome with
        1 - (1 - q)^odds where all rows are equally common, and at most q where odds < 1 and some are very common.
        """
        q = self.other / self.rows
        return float(max(q, 1 - (1 - q) ** self.odds) + EXCESS)


def _identical_rows(
    evidence: LeakEvidence, *, rows: npt.NDArray[np.uint64], among: npt.NDArray[np.bool_], outcome: float
) -> IdenticalRows:
    y = evidence.training.y
    judged = same = other = 0
    for fold in evidence.folds:
        asked = rows[fold.judge[among[fold.judge]]]
        fitted, own = rows[fold.fit], y[fold.fit] == outcome
        judged += len(asked)
        same += int(np.isin(asked, fitted[own]).sum())
        other += int(np.isin(asked, fitted[~own]).sum())
    return IdenticalRows(judged, same, other, float((y == outcome).sum() / max((y != outcome).sum(), 1)))


def row_hashes(X: Numbers) -> npt.NDArray[np.uint64]:
    """A hash of each row, shape (n_rows,), equal for equal rows; computed in blocks, for pandas copies its input."""
    parts = (X[start : start + ROWS_AT_ONCE] + 0.0 for start in range(0, max(len(X), 1), ROWS_AT_ONCE))
    return np.concatenate([pd.util.hash_pandas_object(pd.DataFrame(part), index=False) for part in parts])


def _with_rare_value(X: Numbers, rows: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
    """Which rows have a rare value in the column with most values; none where no column has many."""
    counted = _counted(X, rows)
    place = max(range(len(counted)), key=lambda one: len(counted[one][0]))
    return _rare(X, place, counted[place], len(np.unique(rows)))


def _with_any_rare_value(X: Numbers, rows: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
    """Which rows have a rare value in any column with many values."""
    size = len(np.unique(rows))
    return np.asarray(np.any([_rare(X, place, one, size) for place, one in enumerate(_counted(X, rows))], axis=0))


def _counted(X: Numbers, rows: npt.NDArray[np.uint64]) -> list[tuple[Numbers, npt.NDArray[np.intp]]]:
    """The values of each column among the distinct rows, and their counts."""
    different = X[np.unique(rows, return_index=True)[1]]
    return [np.unique(column[~np.isnan(column)], return_counts=True) for column in different.T]


def _rare(X: Numbers, place: int, counted: tuple[Numbers, npt.NDArray[np.intp]], size: int) -> npt.NDArray[np.bool_]:
    """Which rows have a rare value in a column; none where it has few values. size is the number of distinct rows."""
    values, counts = counted
    if len(values) < MANY_VALUES * size:
        return np.zeros(len(X), dtype=np.bool_)
    return np.isin(X[:, place], values[counts <= max(1.0, RARE * size)])
