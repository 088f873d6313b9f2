"""Inverse-probability weights: of untreated rows for learning and measuring the risk, of each arm for its outcome."""

import numpy as np
import numpy.typing as npt

from experiments.family import RowIndex
from experiments.metric import Numbers
from experiments.rows.arms import Arms, in_trial, rows_of
from features.errors import MetricError
from features.tables import CONTROL

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
    return None if _alike(chosen) else found


def arm_weights(arms: Arms, actions: tuple[str, ...], probability: Numbers) -> Numbers | None:
    """For how many rows each row stands among those that inform about its arm, shape (n_rows,), at least 1.

    Of a row in a campaign it is 1 over the logged probability of its own arm (Horvitz & Thompson 1952), of one in none
    it is 1: so the rows of an arm stand for everybody, had all been given it. None where the rows of every arm all
    stand for as many, or nothing was logged. Raises MetricError where a probability is not in (0, 1].
    """
    given = in_trial(arms, actions)
    chance = probability[given]
    if np.isnan(chance).all():
        return None
    if not bool(np.all((chance > 0) & (chance <= 1))):
        raise MetricError("a row of the trial has no logged probability in (0, 1]; leave it out, or log it.")
    found = np.ones(len(arms))
    found[given] = 1.0 / chance
    groups = (found[rows_of(arms, arm, actions)] for arm in (CONTROL, *actions))
    return None if all(_alike(group) for group in groups) else found


def relative(weights: Numbers, arms: Arms, actions: tuple[str, ...], *, at: RowIndex) -> Numbers | None:
    """The weights of the rows at `at`, of mean 1 within each arm, and 0 elsewhere; None where all of them are 1.

    So a penalty weighs as much as in rows that stand for themselves, and the arms keep their sizes.
    """
    found = np.zeros(len(weights))
    for arm in (CONTROL, *actions):
        rows = at[rows_of(arms[at], arm, actions)]
        if rows.size:
            found[rows] = weights[rows] / weights[rows].mean()
    return None if _alike(found[at]) else found


def _alike(weights: Numbers) -> bool:
    return not weights.size or bool(np.ptp(weights) <= EQUAL * weights.max())
