"""The rows of a month: today's or a past date's, those of a year before, and how many there were at each date."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from experiments.evaluation.monitoring.evidence import VolumeSeen
from features.errors import UsageError
from pipelines.matrix import matrices
from pipelines.raw_data import raw_versions
from pipelines.workspace import Workspace

YEAR, NEAR = timedelta(days=365), timedelta(days=16)


@dataclass(frozen=True)
class MonthRows:
    """The rows of a date; those of the same month of the year before, or None; and the customers at each date.

    at is None where rows have no dates; then customers holds the rows of the file in each of its versions.
    """

    at: date | None
    rows: pd.DataFrame
    last_year: pd.DataFrame | None
    customers: VolumeSeen


def read(workspace: Workspace, *, asked: date | None, training_dates: Sequence[str], file: str = "") -> MonthRows:
    """The rows of the newest date, or of an earlier one. Raises UsageError for a date that the matrix does not have.

    A year ago counts as known where training reaches so far; later it would excuse what came after training. file is
    the raw file of a table without dates, whose earlier versions tell how many rows are usual.
    """
    learn, score = (_by_date(workspace, purpose) for purpose in (matrices.LEARN, matrices.SCORE))
    if None in score:
        if asked is not None:
            raise UsageError(f"the rows of '{workspace.spec}' have no dates; leave --at out.")
        rows = matrices.to_score(workspace.matrix)
        versions = raw_versions.history(workspace.raw)
        counted = [float(one["files"][file]["rows"]) for one in versions if file in one["files"]]
        newest = counted[-1] if counted else float(len(rows))
        return MonthRows(None, rows, None, VolumeSeen(file or "customers", newest, np.array(counted[:-1])))
    dates = sorted({one for one in (*learn, *score) if one is not None})
    at = asked or max(one for one in score if one is not None)
    if at not in dates:
        raise UsageError(
            f"--at {at} is no date of the data of '{workspace.spec}'; there are {[str(one) for one in dates]}."
        )
    purpose = matrices.SCORE if at in score else matrices.LEARN
    rows = _of(workspace, purpose, at)
    before = [one for one in dates if one < at]
    last = max((date.fromisoformat(one) for one in training_dates), default=date.min)
    then = min(before, key=lambda one: abs(at - YEAR - one), default=None)
    is_there = then is not None and abs(at - YEAR - then) <= NEAR
    counts = np.array([float(_count(workspace, one)) for one in before])
    seen = VolumeSeen("customers", len(rows), counts, before.index(then) if is_there and then else None)
    known = _of(workspace, matrices.LEARN, then) if is_there and then is not None and then <= last else None
    return MonthRows(at, rows, known, seen)


def _by_date(workspace: Workspace, purpose: str) -> list[date | None]:
    """The dates of a purpose; None for rows without. Raises UsageError where nothing was built."""
    found = matrices.dates(workspace.matrix, purpose)
    if not found:
        raise UsageError(f"spec '{workspace.spec}' has no rows yet; run: python -m pipelines run {workspace.spec}")
    return [date.fromisoformat(one.removeprefix("as_of=")) if one.startswith("as_of=") else None for one in found]


def _of(workspace: Workspace, purpose: str, at: date) -> pd.DataFrame:
    rows: pd.DataFrame = matrices.of_date(workspace.matrix, purpose, f"as_of={at}").to_pandas()
    return rows


def _count(workspace: Workspace, at: date) -> int:
    return matrices.count(workspace.matrix, matrices.LEARN, f"as_of={at}")
