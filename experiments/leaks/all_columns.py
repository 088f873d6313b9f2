"""How well several columns together predict the outcome: a logistic regression, out of fold."""

import warnings
from collections.abc import Collection

import numpy as np
import pandas as pd
from scipy.stats import ConstantInputWarning

from experiments.families.logistic import FAMILY
from experiments.family import RowIndex
from experiments.leaks.check import LeakEvidence
from experiments.metric import Numbers

PENALTY = {"C": 0.1}
# Columns with at least this rank correlation carry the same information; it is measured on at most so many rows.
SAME, MOST_ROWS = 0.95, 20_000


def out_of_fold_probabilities(names: Collection[str], evidence: LeakEvidence, *, most: int | None = None) -> Numbers:
    """Out-of-fold probabilities of a logistic regression on these columns, shape (n_rows,); NaN of rows in no fold.

    Each fold fits and judges at most `most` rows (None: all). Without columns every row has the same probability.
    """
    contract = evidence.contract.select(names)
    columns = np.array([name in contract.names for name in evidence.contract.names], dtype=bool)
    folds = [(_some(fold.fit, most), _some(fold.judge, most)) for fold in evidence.folds]
    used = np.unique(np.concatenate([rows for fold in folds for rows in fold]))
    X = evidence.training.X[np.ix_(used, columns)]
    score = np.full(len(evidence.training.y), np.nan)
    if not contract.columns:
        score[np.concatenate([judged for _, judged in folds])] = 0.5
        return score
    prepared = FAMILY.prepare(X, evidence.training.y[used], contract)
    for fit, judged in folds:
        model = FAMILY.fit(prepared, np.searchsorted(used, fit), params=PENALTY, seed=0)
        score[judged] = model.predict(X[np.searchsorted(used, judged)])
    return score


def _some(rows: RowIndex, most: int | None) -> RowIndex:
    """Every n-th row, so that at most `most` are left."""
    return rows if most is None else rows[:: max(1, -(-len(rows) // most))]


def rank_correlated(name: str, evidence: LeakEvidence, *, least: float = SAME) -> list[str]:
    """The column, and after it the numbers whose absolute Spearman correlation with it is at least `least`."""
    contract, X = evidence.contract, evidence.training.X
    numbers = [place for place, column in enumerate(contract.columns) if column.type != "category"]
    own = contract.names.index(name)
    if own not in numbers:
        return [name]
    ranks = pd.DataFrame(X[:: max(1, len(X) // MOST_ROWS)][:, numbers], columns=numbers)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConstantInputWarning)  # a constant correlates with nothing
        agree = ranks.corrwith(ranks[own], method="spearman").abs()
    return [name, *(contract.names[place] for place in numbers if place != own and agree[place] >= least)]
