"""The split of the rows into training rows with folds and the gate cohort."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.family import RowIndex
from experiments.rows.gate_dates import Dates, can_learn, closed_before, judging_dates, most_judging
from experiments.sections.label import LabelSpec
from experiments.sections.split import SplitSpec
from features.errors import DataError


@dataclass(frozen=True)
class Fold:
    """One fold: positions of the rows to fit on and of the rows to judge on."""

    fit: RowIndex
    judge: RowIndex


@dataclass(frozen=True)
class Split:
    """Positions of the training rows and of the gate cohort, and folds within the training rows."""

    training: RowIndex
    gate: RowIndex
    folds: tuple[Fold, ...]

    def without(self, left_out: npt.NDArray[np.bool_]) -> "Split":
        """The same without the rows of left_out, shape (n_rows,), which neither train nor judge."""
        if not left_out.any():
            return self
        folds = tuple(Fold(*(rows[~left_out[rows]] for rows in (fold.fit, fold.judge))) for fold in self.folds)
        return Split(self.training[~left_out[self.training]], self.gate[~left_out[self.gate]], folds)


def customer_hash(customers: Sequence[str] | pd.Series, seed: int) -> npt.NDArray[np.uint64]:
    """A stable number for each customer, independent of which other customers there are."""
    key = f"{seed:016d}"
    return np.asarray(pd.util.hash_array(np.asarray(customers, dtype=object), hash_key=key, categorize=True))


def split(rows: pd.DataFrame, *, spec: SplitSpec, label: LabelSpec) -> Split:
    """Divide rows (customer_id, as_of, churned, arm). Raises DataError when there are too few dates or rows."""
    if spec.kind == "random":
        return _random_split(rows, spec, gate_share=spec.gate_share)
    return _time_split(rows, spec, timedelta(days=label.lead_time_days + label.horizon_days))


def whole(rows: pd.DataFrame, *, spec: SplitSpec, label: LabelSpec) -> Split:
    """Rows as `split` takes them, all of them to learn from and none to judge on; of dates, folds judge the last ones.

    Raises DataError as `split` does.
    """
    if spec.kind == "random":
        return _random_split(rows, spec, gate_share=0.0)
    return _time_split(rows, spec, timedelta(days=label.lead_time_days + label.horizon_days), everything=True)


def _random_split(rows: pd.DataFrame, spec: SplitSpec, *, gate_share: float) -> Split:
    if (dates := rows["as_of"].nunique()) > 1:
        raise DataError(f"split kind 'random' mixes {dates} observation dates, past and future; use 'time'.")
    hashed = customer_hash(rows["customer_id"], spec.seed)
    strata = rows["churned"].astype(str) + rows["arm"].fillna("").astype(str)
    place = pd.DataFrame({"strata": strata.to_numpy(), "hash": hashed}).groupby("strata")["hash"]
    share = (place.rank(method="first").to_numpy() - 0.5) / place.transform("size").to_numpy()
    training, gate = np.flatnonzero(share >= gate_share), np.flatnonzero(share < gate_share)
    fold_of = (place.rank(method="first").to_numpy().astype(int)) % spec.folds
    folds = tuple(Fold(training[fold_of[training] != k], training[fold_of[training] == k]) for k in range(spec.folds))
    return Split(training, gate, folds)


def _time_split(rows: pd.DataFrame, spec: SplitSpec, window: timedelta, *, everything: bool = False) -> Split:
    as_of = rows["as_of"].to_numpy()
    dates = np.unique(as_of)
    judged = judging_dates(dates, spec, window)
    gate_dates = dates[-judged:]
    if not can_learn(dates, gate_dates[0], spec.folds, window):
        raise DataError(_too_few_dates(dates, spec, window, judged=judged))
    learnt = dates if everything else closed_before(dates, gate_dates[0], window)
    gate_dates = dates[:0] if everything else gate_dates
    group = customer_hash(rows["customer_id"], spec.seed) % spec.folds
    folds = tuple(
        Fold(
            np.flatnonzero(np.isin(as_of, closed_before(dates, judged, window)) & (group != k)),
            np.flatnonzero((as_of == judged) & (group == k)),
        )
        for k, judged in enumerate(learnt[-spec.folds :])
    )
    return Split(np.flatnonzero(np.isin(as_of, learnt)), np.flatnonzero(np.isin(as_of, gate_dates)), folds)


def _too_few_dates(dates: Dates, spec: SplitSpec, window: timedelta, *, judged: int) -> str:
    most = most_judging(dates, spec, window, at_most=judged - 1)
    remedy = f"Lower split.gate_dates to {most}" if most else "Add data or lower split.folds"
    return (
        f"{len(dates)} mature observation dates are too few: {spec.folds} folds and a gate cohort of {judged} need at"
        f" least {spec.folds + 1 + judged} whose windows do not overlap, and a window is {window.days} days."
        f" {remedy}."
    )
