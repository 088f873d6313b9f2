"""Rows of a randomised trial whose assignment nobody logged: they train nothing and judge nothing."""

from typing import Protocol

import numpy as np
import pandas as pd

from experiments.rows.arms import Arms, Mask, unlogged
from experiments.sections.section import HasName
from experiments.sections.treatment import HasTreatment
from features.errors import DataError
from features.tables import CONTROL


class Tried(HasName, HasTreatment, Protocol):
    """A spec as far as its actions."""


def found(spec: Tried, rows: pd.DataFrame, arms: Arms) -> Mask:
    """The rows whose assignment was randomised and not logged. Raises DataError where those are all of an arm."""
    if spec.treatment is None or not spec.treatment.randomised or "probability" not in rows:
        return np.zeros(len(rows), dtype=np.bool_)
    left_out = unlogged(arms, rows["probability"].to_numpy(dtype=float, na_value=np.nan))
    for arm in (CONTROL, *spec.actions):
        if (given := arms == arm).any() and left_out[given].all():
            raise DataError(
                f"spec '{spec.name}': no probability was logged for any of the {int(given.sum()):,} rows given '{arm}',"
                " so they train and judge nothing. Give `probability` in the data, or say treatment.randomised: false."
            )
    return left_out
