"""The leak checks of a spec, asked before anything is trained."""

from typing import Any

import numpy as np

from experiments import check, checks
from experiments.check import Check, Evidence, Rows
from experiments.family import RowIndex
from experiments.split import Fold
from features.errors import DataError
from features.plugins import discover
from pipelines.learning import Learning


def passed(opened: Learning, folds: tuple[Fold, ...]) -> list[dict[str, Any]]:
    """What became of every check, as plain data; folds hold positions of the training rows.

    Raises DataError, with a line for each finding, when a check refuses.
    """
    results = check.examined(discover(checks, Check), evidence(opened, folds), off=opened.spec.checks)
    if lines := check.refused(results):
        leaks = "1 leak" if len(lines) == 1 else f"{len(lines)} leaks"
        first = (
            f"data refused: {leaks} found, nothing was trained; docs/checks.md says more, and how to switch a check off"
        )
        raise DataError("\n".join([first, *(f"  {line}" for line in lines)]))
    return [one.to_dict() for one in results]


def evidence(opened: Learning, folds: tuple[Fold, ...]) -> Evidence:
    """The rows of a spec as the checks look at them: of the risk, without those who left before the window opened."""
    sides = (index[~opened.left_in_gap[index]] for index in (opened.split.training, opened.split.gate))
    training, gate = (_side(opened, index) for index in sides)
    kept = ~opened.left_in_gap[opened.split.training]
    place = np.cumsum(kept) - 1
    of_kept = (Fold(*(place[rows[kept[rows]]] for rows in (fold.fit, fold.judge))) for fold in folds)
    return Evidence(opened.contract, training, gate, tuple(of_kept))


def _side(opened: Learning, index: RowIndex) -> Rows:
    rows = opened.rows.iloc[index]
    return Rows(
        X=opened.X[index],
        y=opened.y[index],
        customers=rows["customer_id"].to_numpy(dtype=object),
        as_of=rows["as_of"].to_numpy(dtype="datetime64[us]"),
    )
