"""Rows that stand on both sides of a split, as after oversampling before it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.leaks.check import Evidence, Finding, Rows, check
from experiments.metric import Numbers

# A column tells rows apart when it has that many values, as a share of all different rows ...
MANY_VALUES = 0.10
# ... and a value of it does when no more than this share of them holds it.
RARE = 0.01
EXCESS = 0.05
LEAST_COPIES = 20
ROWS_AT_ONCE = 10_000


@check("L004")
def copied_rows(evidence: Evidence) -> tuple[Finding, ...]:
    """No customer and date stands twice, and rows to judge on are no copies of rows to fit on.

    Customers who are alike by chance have had the other outcome as often as others; copies never have. So of the rows
    of an outcome that have an identical row with the same outcome on the other side of a fold, the share may exceed by
    0.05 what the identical rows with the other outcome lead to expect. Asked only of rows with a rare value in the
    column that has most: of a table of a few categories nothing can be told.
    """
    return (*_repeated(evidence), *(_copied(evidence) if evidence.contract.columns else ()))


def _repeated(evidence: Evidence) -> Iterator[Finding]:
    sides: list[Rows] = [evidence.training, evidence.gate]
    keys = pd.DataFrame(
        {name: np.concatenate([getattr(one, name) for one in sides]) for name in ("customers", "as_of")}
    )
    again = int(keys.duplicated().sum())
    if again:
        yield Finding(
            "customer_id, as_of",
            again,
            0,
            f"rows: {again:,} of {len(keys):,} repeat the customer and date of another, 0 are allowed. Remove them.",
            _repeats(keys),
        )


def _copied(evidence: Evidence) -> Iterator[Finding]:
    rows = identities(evidence.training.X)
    apart = _told_apart(evidence.training.X, rows)
    for outcome in (0.0, 1.0):
        found = _twins(evidence, rows=rows, among=apart & (evidence.training.y == outcome), outcome=outcome)
        if found.same >= LEAST_COPIES and found.share > found.allowed:
            yield Finding(
                "rows",
                found.share,
                found.allowed,
                f"rows: {found.share:.1%} of the {found.rows:,} judged ones with outcome {outcome:g} have an identical"
                f" row with the same outcome among those that are fitted on, up to {found.allowed:.1%} is allowed: they"
                " are copies. Remove them; do not oversample.",
                _copies(evidence, outcome),
            )


def _copies(evidence: Evidence, outcome: float) -> tuple[tuple[int, int], ...]:
    """The rows to remove, each with the first that is equal in all columns, among training rows of this outcome.

    A row of the gate cohort, of whose outcome a check that refuses knows nothing, is a copy when all columns are equal.
    """
    learnt, judged = evidence.training, evidence.gate
    X = np.concatenate([learnt.X, judged.X])
    equal = identities(X)
    asked = np.concatenate([learnt.y == outcome, np.ones(len(judged.y), dtype=np.bool_)])
    places = np.flatnonzero(asked & _told_apart_by_any(X, equal))
    found = _repeats(pd.DataFrame({"equal": equal[places]}))
    return tuple((int(places[one]), int(places[of])) for one, of in found)


def _repeats(keys: pd.DataFrame) -> tuple[tuple[int, int], ...]:
    """The positions of rows whose keys stood before, each with the position of the first of them."""
    group = keys.groupby(list(keys.columns), sort=False, dropna=False).ngroup().to_numpy()
    first = np.unique(group, return_index=True)[1][group]
    return tuple((int(one), int(first[one])) for one in np.flatnonzero(first != np.arange(len(group))))


@dataclass(frozen=True)
class Twins:
    """Of the judged rows of one outcome: how many have an identical row with the same, or with the other, outcome.

    odds: how many rows of this outcome come on one of the other.
    """

    rows: int
    same: int
    other: int
    odds: float

    @property
    def share(self) -> float:
        """Those with the same outcome, as a share."""
        return self.same / self.rows

    @property
    def allowed(self) -> float:
        """The greatest share that chance explains, and a margin.

        When a row has an identical one of the other outcome with probability q, it has one of its own outcome with
        1 - (1 - q)^odds where all rows are equally common, and at most q where odds < 1 and some are very common.
        """
        q = self.other / self.rows
        return float(max(q, 1 - (1 - q) ** self.odds) + EXCESS)


def _twins(evidence: Evidence, *, rows: npt.NDArray[np.uint64], among: npt.NDArray[np.bool_], outcome: float) -> Twins:
    y = evidence.training.y
    judged = same = other = 0
    for fold in evidence.folds:
        asked = rows[fold.judge[among[fold.judge]]]
        fitted, own = rows[fold.fit], y[fold.fit] == outcome
        judged += len(asked)
        same += int(np.isin(asked, fitted[own]).sum())
        other += int(np.isin(asked, fitted[~own]).sum())
    return Twins(judged, same, other, float((y == outcome).sum() / max((y != outcome).sum(), 1)))


def identities(X: Numbers) -> npt.NDArray[np.uint64]:
    """A number for each row, equal for equal rows; shape (n_rows,). Pandas takes copies, so some rows at a time."""
    parts = (X[start : start + ROWS_AT_ONCE] + 0.0 for start in range(0, max(len(X), 1), ROWS_AT_ONCE))
    return np.concatenate([pd.util.hash_pandas_object(pd.DataFrame(part), index=False) for part in parts])


def _told_apart(X: Numbers, rows: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
    """Which rows hold a rare value in the column that has most values; none where no column has many."""
    counted = _counted(X, rows)
    place = max(range(len(counted)), key=lambda one: len(counted[one][0]))
    return _rare(X, place, counted[place], len(np.unique(rows)))


def _told_apart_by_any(X: Numbers, rows: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
    """Which rows hold a rare value in any column that has many values."""
    size = len(np.unique(rows))
    return np.asarray(np.any([_rare(X, place, one, size) for place, one in enumerate(_counted(X, rows))], axis=0))


def _counted(X: Numbers, rows: npt.NDArray[np.uint64]) -> list[tuple[Numbers, npt.NDArray[np.intp]]]:
    """The values of each column among the different rows, and how many of them hold each."""
    different = X[np.unique(rows, return_index=True)[1]]
    return [np.unique(column[~np.isnan(column)], return_counts=True) for column in different.T]


def _rare(X: Numbers, place: int, counted: tuple[Numbers, npt.NDArray[np.intp]], size: int) -> npt.NDArray[np.bool_]:
    """Which rows hold a rare value in a column; none where it has not many. size: how many different rows there are."""
    values, counts = counted
    if len(values) < MANY_VALUES * size:
        return np.zeros(len(X), dtype=np.bool_)
    return np.isin(X[:, place], values[counts <= max(1.0, RARE * size)])
