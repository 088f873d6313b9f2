"""Inverse-probability weights of untreated rows for measuring the risk."""

import numpy as np
import numpy.typing as npt

from experiments.metric import Numbers
from features.errors import MetricError

# Weights that differ by rounding only are equal.
EQUAL = 1e-9


def risk_weights(
    *, untreated: npt.NDArray[np.bool_], control: npt.NDArray[np.bool_], chance: Numbers
) -> Numbers | None:
    """The weight of each row, 0 where it was treated; None where all untreated rows weigh the same.

    untreated, control (untreated within a campaign) and chance, the logged probability of the row's own arm, have shape
    (n_rows,). A row in no campaign was untreated for certain and stands for itself, 1. A control row stands for those
    of its campaign who were given an action, too: 1 / chance (Horvitz & Thompson 1952). So the rows stand for
    everybody, had nobody been treated. Raises MetricError where a control row has no logged probability in (0, 1].
    """
    if not bool(np.all((chance[control] > 0) & (chance[control] <= 1))):
        raise MetricError("risk: a control row's logged probability is missing or not in (0, 1]; log it.")
    found = np.where(untreated, 1.0, 0.0)
    found[control] = 1.0 / chance[control]
    chosen = found[untreated]
    return None if not chosen.size or np.ptp(chosen) <= EQUAL * chosen.max() else found
