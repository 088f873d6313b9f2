"""Churn between observation and label window: excluded for risk models, counted as churn for uplift models."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.tables import LEFT_IN_GAP

Mask = npt.NDArray[np.bool_]


def left_in_gap(rows: pd.DataFrame) -> Mask:
    """Rows of customers who left before the window opened, shape (n_rows,); none where there is no such column."""
    if LEFT_IN_GAP not in rows:
        return np.zeros(len(rows), dtype=np.bool_)
    return rows[LEFT_IN_GAP].fillna(value=False).to_numpy(dtype=np.bool_)
