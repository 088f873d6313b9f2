"""Synthetic rows, interpolated between two others, as SMOTE makes them before the rows are split."""

from collections.abc import Iterator

import numpy as np
from sklearn.neighbors import NearestNeighbors

from experiments.family import RowIndex
from experiments.leaks.check import LeakEvidence, LeakFinding, check
from experiments.leaks.single_columns import FEW_VALUES
from experiments.metric import Numbers

# So many rows of an outcome are examined, among so many of it, each with so many nearest neighbours.
ASKED, AMONG, NEIGHBOURS = 300, 50_000, 20
# A row lies on a segment when at least so many numbers change along it, all in the same proportion up to rounding (a
# share of the segment's length); a number changes when it does so by ten times the rounding.
MOVING, ROUNDING = 3, 1e-3
EXCESS, LEAST_ROWS, ERRORS = 0.03, 10, 3.0
CHUNK = 10_000


@check("L011")
def synthetic_rows(evidence: LeakEvidence) -> tuple[LeakFinding, ...]:
    """Rows lie exactly between two others of the same outcome no more often than between two of the other outcome.

    Of 300 rows of an outcome, the share that lies exactly on the segment between two of their 20 nearest neighbours of
    that outcome, three or more numbers changing along it, may exceed by 0.03 and three standard errors the share that
    lies so between neighbours of the other outcome: rows that lie on a line by chance or by their nature, such as days
    that pass, do so among both.
    """
    X, y = evidence.training.X, evidence.training.y
    places = _numbers(evidence)
    if len(places) < MOVING:
        return ()
    found = (_of(X, y, places, outcome=outcome, customers=evidence.training.customers) for outcome in (0.0, 1.0))
    return tuple(finding for findings in found for finding in findings)


def _numbers(evidence: LeakEvidence) -> RowIndex:
    """The positions of the numeric columns of many values, in each of which a synthetic row has a new value."""
    some = evidence.training.X[:: max(1, len(evidence.training.X) // CHUNK)]
    columns = enumerate(evidence.contract.columns)
    numbers = (place for place, one in columns if one.type != "category")
    many = [place for place in numbers if len(np.unique(some[~np.isnan(some[:, place]), place])) > FEW_VALUES]
    return np.array(many, dtype=np.intp)


def _of(X: Numbers, y: Numbers, places: RowIndex, *, outcome: float, customers: np.ndarray) -> Iterator[LeakFinding]:
    own, other = (np.flatnonzero(y == one) for one in (outcome, 1 - outcome))
    own, other = (_some(one, min(len(own), len(other), AMONG)) for one in (own, other))
    asked = _some(own, ASKED)
    if len(asked) < 2 * LEAST_ROWS:
        return
    share = _between(X, places, asked=asked, among=own, customers=customers)
    if share <= EXCESS or share * len(asked) < LEAST_ROWS:
        return
    by_chance = _between(X, places, asked=asked, among=other, customers=customers)
    allowed = by_chance + EXCESS + ERRORS * float(np.sqrt(2 * by_chance * (1 - by_chance) / len(asked)))
    if share <= allowed:
        return
    yield LeakFinding(
        "rows",
        share,
        allowed,
        f"rows: {share:.1%} of the {len(asked):,} examined with outcome {outcome:g} lie exactly between two others"
        f" with it, up to {allowed:.1%} is allowed: they are synthetic (SMOTE), so the model would be judged on rows"
        " made from its training rows. Give the original rows; do not oversample.",
    )


def _some(rows: RowIndex, most: int) -> RowIndex:
    """At most `most` of the rows, evenly spaced."""
    return rows if len(rows) <= most else rows[np.linspace(0, len(rows) - 1, max(most, 1)).astype(np.intp)]


def _between(X: Numbers, places: RowIndex, *, asked: RowIndex, among: RowIndex, customers: np.ndarray) -> float:
    """The share of rows `asked` that lie between two of their nearest neighbours of other customers in `among`."""
    spread = np.nanstd(X[np.ix_(_some(among, CHUNK), places)], axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    rows = X[np.ix_(asked, places)] / scale
    near, who = _neighbours(X, places, rows=rows, asked=asked, among=among, scale=scale)
    strangers = customers[who] != customers[asked][:, None]
    found = [_on_a_segment(row, near[one][strangers[one]]) for one, row in enumerate(rows)]
    return float(np.mean(found))


def _neighbours(
    X: Numbers, places: RowIndex, *, rows: Numbers, asked: RowIndex, among: RowIndex, scale: Numbers
) -> tuple[Numbers, RowIndex]:
    """The nearest neighbours of each row, without itself: shape (n_asked, n, n_columns), and their positions in X."""
    best = np.empty((len(asked), 0))
    who = np.empty((len(asked), 0), dtype=np.intp)
    for start in range(0, len(among), CHUNK):
        index = among[start : start + CHUNK]
        chunk = np.nan_to_num(X[np.ix_(index, places)] / scale)
        search = NearestNeighbors(n_neighbors=min(NEIGHBOURS + 1, len(index)), algorithm="brute").fit(chunk)
        distance, place = search.kneighbors(np.nan_to_num(rows))
        distance[index[place] == asked[:, None]] = np.inf
        best, who = np.column_stack([best, distance]), np.column_stack([who, index[place]])
        kept = np.argsort(best, axis=1, kind="stable")[:, :NEIGHBOURS]
        best, who = np.take_along_axis(best, kept, axis=1), np.take_along_axis(who, kept, axis=1)
    return X[who][:, :, places] / scale, who


def _on_a_segment(row: Numbers, near: Numbers) -> bool:
    """Whether a row, shape (n_columns,), lies strictly between two of its neighbours, shape (n, n_columns).

    It does where the differences to the two point in exactly opposite directions.
    """
    held = ~np.isnan(row)
    apart = near[:, held] - row[held]
    apart = apart[~np.isnan(apart).any(axis=1)]
    length = np.sqrt((apart**2).sum(axis=1))
    apart, length = apart[length > 0], length[length > 0]
    if len(apart) < 2:
        return False
    towards = apart / length[:, None]
    opposite = towards @ towards.T < -1 + 10 * ROUNDING**2
    if not opposite.any():
        return False
    ones, others = np.nonzero(np.triu(opposite))
    exact = np.abs(towards[ones] + towards[others]).max(axis=1, initial=0.0) < ROUNDING
    moving = (np.abs(towards[ones]) > 10 * ROUNDING).sum(axis=1) >= MOVING
    return bool((exact & moving).any())
