"""Slices: the rows of each value of a column, or of each band of a number."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.sections.evaluation import SliceSpec
from features.errors import SpecError


def bands(rows: pd.DataFrame, spec: SliceSpec) -> dict[str, npt.NDArray[np.bool_]]:
    """Which rows are in each band, shape (n_rows,) each. Raises SpecError where there is no such column."""
    if spec.column not in rows:
        raise SpecError(f"evaluation.slices names the column '{spec.column}', which the matrix has not.")
    values = rows[spec.column]
    if not spec.edges:
        return {str(value): (values == value).to_numpy() for value in sorted(values.dropna().unique())}
    edges = [-np.inf, *spec.edges, np.inf]
    names = [
        f"below {spec.edges[0]:g}",
        *(f"{a:g} to {b:g}" for a, b in zip(spec.edges, spec.edges[1:], strict=False)),
    ]
    names.append(f"{spec.edges[-1]:g} and above")
    return {
        name: ((values >= low) & (values < high)).to_numpy()
        for name, low, high in zip(names, edges, edges[1:], strict=False)
    }
