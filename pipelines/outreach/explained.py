"""Reasons of risks and of effects in words, from a loaded model's own contributions, some thousand rows at a time."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from experiments.metric import Numbers
from features.contract import Contract
from features.tables import CONTROL
from pipelines.outreach import reasons
from pipelines.outreach.effect_parts import effect_parts

ROWS_AT_ONCE = 5_000


def risk(scorer: Any, rows: pd.DataFrame) -> pd.DataFrame:
    """The reasons of each row's risk, as `reasons.columns` names them; index 0, 1 and so on.

    They are told of the model of the risk that the list shows, by the numbers that its own reasons are told by.
    """
    parts = [reasons.reasons(contributions(scorer, X), X, described=scorer.columns) for _, X in _portions(scorer, rows)]
    return pd.concat(parts, ignore_index=True)


def contributions(scorer: Any, X: Numbers) -> Numbers:
    """What each column adds to the log-odds of the risk, before calibration; shape as X, (n_rows, n_columns).

    A version made before baselines has no other column.
    """
    found: Numbers = scorer.models[CONTROL].contributions(np.ascontiguousarray(X))
    return found[:, : X.shape[1]]


def actions(scorer: Any, rows: pd.DataFrame, scored: pd.DataFrame, action: np.ndarray) -> pd.DataFrame:
    """Why each row's action, as `reasons.WHY` names the columns; "" where there is none, or nothing can be said.

    scored are the model's predictions for the rows, action, shape (n_rows,), holds their actions' names.
    """
    found = pd.DataFrame("", index=range(len(rows)), columns=list(reasons.WHY), dtype=object)
    for start, X in _portions(scorer, rows):
        chosen = action[start : start + len(X)]
        for name in scorer.effects:
            at = np.flatnonzero(chosen == name)
            if len(at):
                some = np.ascontiguousarray(X[at])
                effect = scored[f"uplift_{name}"].to_numpy(dtype=float)[start + at]
                parts = effect_parts(scorer, some, action=name, effect=effect)
                found.iloc[start + at] = reasons.why(parts, some, described=scorer.columns).to_numpy()
    return found


def _portions(scorer: Any, rows: pd.DataFrame) -> Iterator[tuple[int, Numbers]]:
    """The first place and the encoded rows of each portion; one without rows where there are none."""
    # By our own contract: a version of before has other parts, but the same columns and models.
    contract = Contract.from_dict({"columns": scorer.columns})
    for start in range(0, max(1, len(rows)), ROWS_AT_ONCE):
        yield start, contract.encode(rows.iloc[start : start + ROWS_AT_ONCE])
