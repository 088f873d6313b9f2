"""Missing values of further outcomes: how many rows of each arm lack one, and whether the arms differ in that."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import fisher_exact, norm

from experiments.metric import Numbers
from experiments.randomisation import arm_differences
from features.errors import DataError
from features.tables import CONTROL

# Below it, who is missing may be what an action did.
DIFFERS = 0.05


def unmeasured(rows: pd.DataFrame, actions: tuple[str, ...], outcome: Numbers) -> dict[str, Any]:
    """How many rows of the trial lack the outcome, by arm, and the p-value that an action does not change that.

    rows as for `trial.differences`; outcome, shape (n_rows,), is NaN where it is missing. The p-value is Fisher's exact
    one of each action against the control, or, where rows of an arm differ in their probability, that of the weighted
    difference; of several actions the least, times their number (Bonferroni). 1 where nothing is missing.
    """
    missing = np.isnan(outcome)
    arms = {arm: (rows["arm"] == arm).to_numpy(dtype=bool) for arm in (CONTROL, *actions)}
    by_arm = {arm: int(missing[given].sum()) for arm, given in arms.items()}
    of_trial = np.logical_or.reduce(list(arms.values()))
    p = 1.0
    if missing[of_trial].any():
        p = min(1.0, len(actions) * min(_p_values(rows, actions, missing, arms=arms)))
    return {"rows": sum(by_arm.values()), "of": int(of_trial.sum()), "by_arm": by_arm, "p": p, "differs": p < DIFFERS}


def _p_values(
    rows: pd.DataFrame,
    actions: tuple[str, ...],
    missing: npt.NDArray[np.bool_],
    *,
    arms: dict[str, npt.NDArray[np.bool_]],
) -> list[float]:
    probability = rows["probability"].to_numpy(dtype=float)
    if any(np.ptp(probability[given]) > 0 for given in arms.values()) or rows["customer_id"].duplicated().any():
        found = arm_differences.differences(rows, actions, missing.astype(np.float64)).values()
        return [_normal(one["value"], one["standard_error"]) for one in found]
    tables = [[_counts(missing[arms[arm]]) for arm in (action, CONTROL)] for action in actions]
    return [float(fisher_exact(table).pvalue) for table in tables]


def _normal(value: float, standard_error: float) -> float:
    return float(2 * norm.sf(abs(value) / standard_error)) if standard_error else 1.0


def _counts(missing: npt.NDArray[np.bool_]) -> tuple[int, int]:
    return int(missing.sum()), int((~missing).sum())


def measured(rows: pd.DataFrame, actions: Sequence[str], outcome: Numbers, name: str) -> npt.NDArray[np.bool_]:
    """The rows in which the outcome is known, shape (n_rows,). Raises DataError when an arm has none."""
    known: npt.NDArray[np.bool_] = ~np.isnan(outcome)
    held = set(rows["arm"][known])
    if empty := [arm for arm in (CONTROL, *actions) if arm not in held]:
        raise DataError(f"outcome '{name}' is missing in every row of {empty}: nothing can be said of it. Take it out.")
    return known
