"""Which rows belong to which arm of a trial."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.tables import CONTROL

Arms = npt.NDArray[np.object_]
Mask = npt.NDArray[np.bool_]


def rows_of(arms: Arms, arm: str, actions: tuple[str, ...]) -> Mask:
    """The rows that inform about an arm; for `control` all untreated ones, including those in no campaign (None)."""
    if arm == CONTROL:
        return ~np.isin(arms, np.array(actions, dtype=object))
    return np.asarray(arms == arm, dtype=np.bool_)


def unlogged(arms: Arms, probability: npt.NDArray[np.float64]) -> Mask:
    """The rows that were assigned an arm (not None) whose probability nobody logged (NaN); both of shape (n_rows,).

    Whoever wanted to learn from them would have to guess how they were chosen: they train nothing and judge nothing.
    """
    found: Mask = pd.notna(arms) & np.isnan(probability)
    return found


def in_trial(arms: Arms, actions: tuple[str, ...]) -> Mask:
    """The rows that were assigned an arm, including the control."""
    return np.isin(arms, np.array([CONTROL, *actions], dtype=object))
