"""A number for each row of the matrix, by which two sets of rows are compared without keeping them."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.rows.split import customer_hash


def row_keys(rows: pd.DataFrame) -> npt.NDArray[np.uint64]:
    """A 64-bit hash of customer and date (customer_id, as_of) for each row, shape (n_rows,)."""
    dates = rows["as_of"].dt.strftime("|%Y-%m-%d").fillna("")
    return customer_hash(rows["customer_id"].astype(str) + dates, 0)
