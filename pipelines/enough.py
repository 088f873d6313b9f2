"""Whether there are rows and columns enough for what a spec asks, found in seconds and before anything is fitted."""

from collections.abc import Collection, Mapping
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from experiments.arms import Arms, Mask, rows_of
from experiments.family import Labels, RowIndex
from experiments.gap import left_in_gap
from experiments.spec import ExperimentSpec
from experiments.split import Fold, Split, split
from features.errors import DataError, SpecError
from features.tables import CONTROL, LEFT_IN_GAP

# What is read of the rows to learn from.
NEEDED = ("customer_id", "as_of", "churned", "arm", LEFT_IN_GAP)
# With fewer customers, more than 1 in 100 bootstrap draws of the gate cohort would hold none: exp(-5).
FEWEST_OF_AN_OUTCOME = 5
# With fewer, an arm cannot be compared with the control.
FEWEST_OF_AN_ARM = 10
FEWEST_MEASURED = 2
# Each slice has figures and draws of its own.
MOST_SLICES = 200


def check_rows(spec: ExperimentSpec, rows: pd.DataFrame) -> None:
    """Raise DataError, which says what is lacking and the remedy, when a spec asks more than rows can give.

    rows, shape (n_rows,), hold NEEDED, left_in_gap only where there are dates. Asked is that the label has both
    outcomes, each arm of the spec enough rows, the split enough dates, and each fold and the gate cohort both outcomes.
    """
    arms: Arms = rows["arm"].astype(object).where(rows["arm"].notna(), None).to_numpy()
    y, here = rows["churned"].to_numpy(dtype=float), ~left_in_gap(rows)
    words = _Words(spec)
    if len(classes := np.unique(y[here])) < 2:
        raise DataError(f"{words.spec}: the label has one class only, every row is {classes[0]:.0f}.")
    of_arms = {arm: arms == arm for arm in (CONTROL, *spec.actions)} if spec.actions else {}
    for arm, given in of_arms.items():
        if (size := int(given.sum())) < FEWEST_OF_AN_ARM:
            raise DataError(
                f"{words.spec}: {words.rows(size)} given '{arm}', {FEWEST_OF_AN_ARM} are needed to say anything of it;"
                " give it more rows, or take it out of treatment.arms."
            )
    found = split(rows, spec=spec.split, label=spec.label)
    of_arms[CONTROL] = rows_of(arms, CONTROL, spec.actions) & here
    _check_gate(words, found, y, of_arms=of_arms, customers=rows["customer_id"].to_numpy(dtype=object))
    for number, fold in enumerate(found.folds, start=1):
        _check_fold(words, number, fold, y=y, of_arms=of_arms)


class _Words:
    """How the spec's outcomes are called."""

    def __init__(self, spec: ExperimentSpec) -> None:
        self.spec = f"spec '{spec.name}'"
        self.bad, self.good = spec.label.bad, spec.label.good
        self.dated = spec.split.kind == "time"

    @staticmethod
    def rows(size: int) -> str:
        """So many rows, as the subject of a sentence."""
        return {0: "no row was", 1: "1 row was"}.get(size, f"{size:,} rows were")

    def outcomes(self, y: Labels) -> str:
        """How many of some rows had which outcome."""
        return f"{int(y.sum()):,} {self.bad} and {int(len(y) - y.sum()):,} {self.good}"


def _check_gate(
    words: _Words, found: Split, y: Labels, *, of_arms: Mapping[str, Mask], customers: npt.NDArray[np.object_]
) -> None:
    more = "raise split.gate_dates" if words.dated else "raise split.gate_share or give it more rows"
    if absent := [arm for arm, given in of_arms.items() if not given[found.gate].any()]:
        raise DataError(
            f"{words.spec}: no row of the gate cohort was given {absent}, so that nothing can be said of it; {more}, or"
            " take the arm out of treatment.arms."
        )
    at = found.gate[of_arms[CONTROL][found.gate]]
    judged = y[at]
    if min(len(set(customers[at[judged == outcome]])) for outcome in (0.0, 1.0)) < FEWEST_OF_AN_OUTCOME:
        untreated = " without action" if len(of_arms) > 1 else ""
        raise DataError(
            f"{words.spec}: of the {len(judged):,} rows{untreated} in the gate cohort {words.outcomes(judged)};"
            f" {FEWEST_OF_AN_OUTCOME} customers of each are needed to judge by; {more}."
        )


def _check_fold(words: _Words, number: int, fold: Fold, *, y: Labels, of_arms: Mapping[str, Mask]) -> None:
    for arm, given in of_arms.items():
        for what, rows in (("fit on", fold.fit), ("judge", fold.judge)):
            of_arm: RowIndex = rows[given[rows]]
            if _rarer(y[of_arm]) < 1:
                raise DataError(
                    f"{words.spec}: arm '{arm}' has {len(of_arm):,} rows to {what} in fold {number}, of which"
                    f" {words.outcomes(y[of_arm])}; both outcomes are needed. Give it more rows"
                    f"{' or dates' if words.dated else ''}, or lower split.folds."
                )


def _rarer(y: Labels) -> int:
    return int(min(y.sum(), len(y) - y.sum()))


def check_outcomes(spec: ExperimentSpec, rows: pd.DataFrame, outcomes: Collection[str]) -> None:
    """Raise DataError when an arm of the gate cohort has next to no row that holds one of the outcomes.

    rows hold NEEDED and the outcomes, which may be missing in some of them.
    """
    if not spec.actions or not outcomes:
        return
    gate = rows.iloc[split(rows, spec=spec.split, label=spec.label).gate]
    for name, arm in product(outcomes, (CONTROL, *spec.actions)):
        if (size := int(gate.loc[gate["arm"] == arm, name].notna().sum())) < FEWEST_MEASURED:
            raise DataError(
                f"spec '{spec.name}': outcome '{name}' is there in {size} rows of '{arm}' in the gate cohort,"
                f" {FEWEST_MEASURED} are needed; fill it in, or take it out of the spec."
            )


def check_columns(spec: ExperimentSpec, columns: Mapping[str, pa.ChunkedArray]) -> None:
    """Raise DataError when there are columns to learn from and each is the same in all rows, or missing in all.

    A spec without any is another thing: it asks for the plain effect alone. columns are read one at a time.
    """
    seen: dict[str, Any] = {}
    for name in columns:
        different = pc.unique(columns[name])
        if len(different) > 1:
            return
        seen[name] = different[0].as_py() if len(different) else None
    if seen:
        raise DataError(
            f"spec '{spec.name}': no column tells rows apart: {_said(seen, list(seen)[:3])}. Correct it, or take it out"
            " of the spec."
        )


def check_slices(spec: ExperimentSpec, columns: Mapping[str, pa.ChunkedArray]) -> None:
    """Raise SpecError when a slice without edges is over a column of more values than a report can show.

    columns are read one at a time.
    """
    for name, one in spec.evaluation.slices.items():
        if not one.edges and (size := pc.count_distinct(columns[one.column]).as_py()) > MOST_SLICES:
            raise SpecError(
                f"spec '{spec.name}': evaluation.slices.{name}: '{one.column}' has {size:,} values, and {MOST_SLICES}"
                " slices can be shown; give edges, or a column of fewer values."
            )


def _said(seen: Mapping[str, Any], names: Collection[str]) -> str:
    said = [f"'{name}' is {'missing' if seen[name] is None else repr(seen[name])} in all rows" for name in names]
    return ", ".join(said) + ("" if len(names) == len(seen) else f", and {len(seen) - len(names)} more")
