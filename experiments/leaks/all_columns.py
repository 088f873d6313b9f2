"""What columns together tell of the outcome: a plain logistic model, judged on rows that it has not seen."""

import warnings
from collections.abc import Collection

import numpy as np
import pandas as pd
from scipy.stats import ConstantInputWarning

from experiments.families.logistic import FAMILY
from experiments.family import RowIndex
from experiments.leaks.check import Evidence
from experiments.metric import Numbers

PENALTY = {"C": 0.1}
# Columns whose ranks go so far together say the same; so many rows tell it.
SAME, MOST_ROWS = 0.95, 20_000


def together(names: Collection[str], evidence: Evidence, *, most: int | None = None) -> Numbers:
    """The probabilities that the folds' models say of their judged rows, shape (n_rows,); NaN of all other rows.

    Of many rows, at most `most` are fitted on and judged in each fold; without columns all have the same probability.
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
    """Every n-th of the rows, so that at most so many are left."""
    return rows if most is None else rows[:: max(1, -(-len(rows) // most))]


def saying_the_same(name: str, evidence: Evidence, *, least: float = SAME) -> list[str]:
    """The column, and after it those that rank the rows that hold both as it does, either way round."""
    contract, X = evidence.contract, evidence.training.X
    numbers = [place for place, column in enumerate(contract.columns) if column.type != "category"]
    own = contract.names.index(name)
    if own not in numbers:
        return [name]
    ranks = pd.DataFrame(X[:: max(1, len(X) // MOST_ROWS)][:, numbers], columns=numbers)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConstantInputWarning)  # what is the same everywhere agrees with nothing
        agree = ranks.corrwith(ranks[own], method="spearman").abs()
    return [name, *(contract.names[place] for place in numbers if place != own and agree[place] >= least)]
