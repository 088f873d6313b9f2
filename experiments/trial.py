"""The trial before any model: what each action changed on average, and whether it was handed out by lot."""

from typing import Any

import numpy as np
import pandas as pd

from experiments.intervals import normal_interval
from experiments.metric import Numbers
from features.tables import CONTROL


def differences(rows: pd.DataFrame, actions: tuple[str, ...], outcome: Numbers) -> dict[str, dict[str, Any]]:
    """The mean outcome under each action minus the control's, with its interval and the rows.

    rows have arm and probability, and outcome, in its own unit, shape (n_rows,). A row counts 1 / probability
    (Hajek 1971), which is the plain difference where an arm was equally likely for all.
    """
    control = _mean(rows, CONTROL, outcome)
    found = {}
    for action in actions:
        mean, variance, size = _mean(rows, action, outcome)
        error = float(np.sqrt(variance + control[1]))
        interval = normal_interval(mean - control[0], error, method="difference of means")
        found[action] = {
            **interval.to_dict(),
            "rows": size,
            "control_rows": control[2],
            "mean": mean,
            "control_mean": control[0],
        }
    return found


def _mean(rows: pd.DataFrame, arm: str, outcome: Numbers) -> tuple[float, float, int]:
    """The weighted mean of the outcome in an arm, its variance, and the rows."""
    chosen = (rows["arm"] == arm).to_numpy(dtype=bool)
    y = outcome[chosen]
    weight: Numbers = 1.0 / rows.loc[chosen, "probability"].to_numpy(dtype=float)
    weight = weight / weight.sum()
    mean = float(weight @ y)
    return mean, float((weight**2) @ (y - mean) ** 2), len(y)
