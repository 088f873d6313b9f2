"""How well several columns together predict the outcome: boosted trees, out of fold, which find interactions."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.families import lightgbm
from experiments.family import RowIndex
from experiments.leaks.check import LeakEvidence
from experiments.metric import Numbers

# Small trees and few rounds: enough to distinguish an AUC of 0.95 from one of 0.85, in a second.
SETTINGS: dict[str, Any] = {
    "rounds": 60,
    "members": 1,
    "learning_rate": 0.15,
    "num_leaves": 8,
    "min_data_in_leaf": 20,
    "feature_fraction": 0.6,
    "bagging_fraction": 0.8,
    "lambda_l2": 1.0,
    "path_smooth": 1.0,
}
# More rows than this cost time and change the AUC little.
MOST_ROWS = 10_000
# Trees overfit categories of more values than this.
MOST_CATEGORIES = 100


@dataclass(frozen=True)
class Boosted:
    """Out-of-fold predictions of boosted trees, shape (n_rows,), NaN of rows in no fold, and each column's gain.

    gain is by how much the splits on a column reduced the loss, summed over the folds, by the column's name.
    """

    score: Numbers
    gain: dict[str, float]

    def most_responsible(self, count: int) -> list[str]:
        """The columns of the largest gain, largest first."""
        return sorted(self.gain, key=lambda name: -self.gain[name])[:count]


def boosted(names: Collection[str], evidence: LeakEvidence, *, target: Numbers | None = None) -> Boosted:
    """Boosted trees on these columns, fitted and judged on the folds, each with at most MOST_ROWS rows.

    target, shape (n_rows,), is a number to predict in place of the outcome; rows where it is NaN are left out.
    """
    contract = evidence.contract.select(names)
    places = np.array([evidence.contract.names.index(name) for name in contract.names], dtype=np.intp)
    aim = evidence.training.y if target is None else target
    folds = [(_some(fold.fit), _some(fold.judge)) for fold in evidence.folds]
    folds = [(fit[~np.isnan(aim[fit])], judged) for fit, judged in folds]
    used = np.unique(np.concatenate([rows for fold in folds for rows in fold]))
    X = evidence.training.X[np.ix_(used, places)]
    score, gain = np.full(len(aim), np.nan), np.zeros(len(places))
    prepared = lightgbm.prepare(X, aim[used], contract)
    settings = SETTINGS if target is None else {**SETTINGS, "objective": "regression", "metric": "l2"}
    for fit, judged in folds:
        model = lightgbm.fit(prepared, np.searchsorted(used, fit), params=settings, seed=0)
        score[judged] = model.predict(X[np.searchsorted(used, judged)])
        gain += sum(one.feature_importance("gain") for one in model.boosters)
    return Boosted(score, dict(zip(contract.names, gain.tolist(), strict=True)))


def usable(evidence: LeakEvidence) -> list[str]:
    """The columns that trees can use: neither constant, nor categories of more than MOST_CATEGORIES values."""
    X = evidence.training.X
    columns = zip(evidence.contract.columns, X[:: max(1, len(X) // MOST_ROWS)].T, strict=True)
    return [one.name for one, values in columns if len(one.categories) <= MOST_CATEGORIES and _varies(values)]


def _varies(values: Numbers) -> bool:
    held = values[~np.isnan(values)]
    return len(held) > 0 and (len(held) < len(values) or bool((held != held[0]).any()))


def _some(rows: RowIndex) -> RowIndex:
    """Every n-th row, so that at most MOST_ROWS are left."""
    return rows[:: max(1, -(-len(rows) // MOST_ROWS))]
