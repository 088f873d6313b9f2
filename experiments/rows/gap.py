"""Who left before the label's window opened: left out of the risk, and counted as leaving by effects."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.tables import LEFT_IN_GAP

Mask = npt.NDArray[np.bool_]


def left_in_gap(rows: pd.DataFrame) -> Mask:
    """Which rows are of customers who left before the window opened, shape (n_rows,); none where no column says so."""
    if LEFT_IN_GAP not in rows:
        return np.zeros(len(rows), dtype=np.bool_)
    return rows[LEFT_IN_GAP].fillna(value=False).to_numpy(dtype=np.bool_)
