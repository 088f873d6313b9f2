"""The differences of mean outcomes between each action and the control, before any model."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.metric import Numbers
from experiments.statistics.intervals import normal_interval
from features.tables import CONTROL


def differences(rows: pd.DataFrame, actions: tuple[str, ...], outcome: Numbers) -> dict[str, dict[str, Any]]:
    """The mean outcome under each action minus the control's, with its interval and the rows.

    rows have customer_id, arm and probability, and outcome, in its own unit, shape (n_rows,). A row counts
    1 / probability (Hajek 1971), which is the plain difference where an arm was equally likely for all. The variance is
    that of what each customer contributes, all rows of one together.
    """
    customers = pd.factorize(rows["customer_id"])[0]
    control, by_control, n_control = _mean(rows, CONTROL, outcome, customers)
    found = {}
    for action in actions:
        mean, by_action, size = _mean(rows, action, outcome, customers)
        error = float(np.sqrt(np.sum((by_action - by_control) ** 2)))
        interval = normal_interval(mean - control, error, method="difference of means")
        found[action] = {
            **interval.to_dict(),
            "rows": size,
            "control_rows": n_control,
            "mean": mean,
            "control_mean": control,
        }
    return found


def _mean(rows: pd.DataFrame, arm: str, outcome: Numbers, customers: NDArray[np.intp]) -> tuple[float, Numbers, int]:
    """The weighted mean outcome of an arm, each customer's contribution to its variance, and the number of rows."""
    chosen = (rows["arm"] == arm).to_numpy(dtype=bool)
    y = outcome[chosen]
    weight: Numbers = 1.0 / rows.loc[chosen, "probability"].to_numpy(dtype=float)
    weight = weight / weight.sum()
    mean = float(weight @ y)
    contributed: Numbers = np.bincount(
        customers[chosen], weights=weight * (y - mean), minlength=int(customers.max()) + 1
    ).astype(float)
    return mean, contributed, len(y)
