"""How many of the last observation dates form the gate cohort."""

from datetime import timedelta

import numpy as np
import numpy.typing as npt

from experiments.sections.split import SplitSpec

Dates = npt.NDArray[np.datetime64]


def judging_dates(dates: Dates, spec: SplitSpec, window: timedelta) -> int:
    """How many of the last of these mature dates, earliest first, form the gate cohort; window is the label's.

    Where the spec says nothing it is a quarter of them, or fewer where training would else lack dates; at least one.
    """
    if spec.gate_dates is not None:
        return spec.gate_dates
    most = max(1, len(dates) // 4)
    return most_judging(dates, spec, window, at_most=most) or 1


def most_judging(dates: Dates, spec: SplitSpec, window: timedelta, *, at_most: int) -> int:
    """The largest number of gate dates, at most `at_most`, that leaves training enough for its folds; 0 for none."""
    enough = (n for n in range(min(at_most, len(dates)), 0, -1) if can_learn(dates, dates[-n], spec.folds, window))
    return next(enough, 0)


def can_learn(dates: Dates, first: np.datetime64, folds: int, window: timedelta) -> bool:
    """Whether the dates before the gate cohort give each fold one date to judge on and earlier ones to fit on.

    folds judge on the last dates; to fit on, a window must have closed before the earliest of them.
    """
    learnt = closed_before(dates, first, window)
    return len(learnt) > folds and len(closed_before(dates, learnt[-folds], window)) > 0


def closed_before(dates: Dates, moment: np.datetime64, window: timedelta) -> Dates:
    """The dates whose label windows close at or before a moment."""
    return dates[dates + np.timedelta64(window) <= moment]
