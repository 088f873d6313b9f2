"""On how many of the last dates models are judged."""

from datetime import timedelta

import numpy as np
import numpy.typing as npt

from experiments.spec import SplitSpec

Dates = npt.NDArray[np.datetime64]


def judging_dates(dates: Dates, spec: SplitSpec, window: timedelta) -> int:
    """How many of the last of these mature dates, earliest first, are the gate cohort; window is the label's.

    Where the spec says nothing it is a quarter of them, or fewer where training would else lack dates; at least one.
    """
    if spec.gate_dates is not None:
        return spec.gate_dates
    most = max(1, len(dates) // 4)
    enough = (n for n in range(most, 1, -1) if len(closed_before(dates, dates[-n], window)) >= spec.folds + 1)
    return next(enough, 1)


def closed_before(dates: Dates, moment: np.datetime64, window: timedelta) -> Dates:
    """The dates whose label windows close at or before a moment."""
    return dates[dates + np.timedelta64(window) <= moment]
