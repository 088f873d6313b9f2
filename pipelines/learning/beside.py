"""Extra data for leak checks: the trial, the file's row order, current rows, and rows as known earlier."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from experiments.family import RowIndex
from experiments.leaks.known import Earlier, Trial
from features.contract import Matrix
from features.tables import CONTROL
from pipelines.learning import randomisation
from pipelines.learning.training_data import Learning
from pipelines.matrix import matrices

# So many draws tell a difference that matters; so many rows tell a share or a fall.
MOST_DRAWS, MOST_ROWS = 50_000, 20_000
# Features that were known so much earlier say how much of what they know is about the last days.
EARLIER = timedelta(days=7)


def trial(opened: Learning) -> Trial | None:
    """The draws of the actions, where the spec says that they were randomised; None where it does not."""
    if opened.spec.treatment is None or not opened.spec.treatment.randomised or not opened.actions:
        return None
    rows = randomisation.assignments(opened)
    probability = rows["probability"].to_numpy(dtype=float)
    rows = rows[(probability > 0) & (probability < 1)]  # whoever was sure of an arm was not drawn
    arm = rows["arm"].to_numpy().astype(str)
    if CONTROL not in arm or len(np.unique(arm)) < 2:
        return None
    sample = randomisation.sampled(arm, MOST_DRAWS, seed=opened.spec.tuning.seed)
    rows, arm = rows.iloc[sample], arm[sample]
    index = rows.index.to_numpy()
    chances = randomisation.chances(rows, arm, opened.X[index])
    return Trial(opened.X, index, arm, rows["probability"].to_numpy(dtype=float), CONTROL, chances)


def places(opened: Learning, index: RowIndex) -> npt.NDArray[np.intp] | None:
    """The places in their file of the rows at index; None of dated rows, which are made of events."""
    return index if bool(opened.rows["as_of"].isna().all()) else None


def today(opened: Learning, matrix: Path) -> Matrix | None:
    """Some of the rows to score, whose outcome is still to come; None without dates, where all have one."""
    if bool(opened.rows["as_of"].isna().all()):
        return None
    count = matrices.count(matrix, matrices.SCORE)
    if not count:
        return None
    index = np.arange(0, count, max(1, -(-count // MOST_ROWS)))
    return opened.contract.encode(matrices.taken(matrix, matrices.SCORE, index).to_pandas())


def earlier(opened: Learning, matrix: Path) -> Earlier | None:
    """Some rows of the gate cohort with their features of the last days that lie a week before the date at least."""
    lead = timedelta(days=opened.spec.label.lead_time_days)
    ahead = [days for days in matrices.frozen_days(matrix) if timedelta(days=days) >= lead + EARLIER]
    gate = opened.split.gate[~opened.left_in_gap[opened.split.gate]]
    if not ahead or not len(gate):
        return None
    gate = gate[:: max(1, -(-len(gate) // MOST_ROWS))]
    as_of = opened.rows["as_of"].to_numpy()
    before: list[pa.Table] = []
    for moment in np.unique(as_of[gate]):
        of_date = np.flatnonzero(as_of == moment)
        rows = matrices.frozen(matrix, ahead[0], f"as_of={np.datetime_as_string(moment, unit='D')}")
        before.append(rows.take(np.searchsorted(of_date, gate[as_of[gate] == moment])))
    return Earlier(
        days=ahead[0] - lead.days,
        now=opened.X[gate],
        before=opened.contract.encode(pa.concat_tables(before).to_pandas()),
        y=opened.y[gate],
        customers=opened.rows["customer_id"].to_numpy(dtype=object)[gate],
    )
