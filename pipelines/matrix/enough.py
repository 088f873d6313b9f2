"""Checks that rows and columns suffice for the spec, done before any training."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import product
from math import ceil
from typing import Any, Protocol

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from experiments.family import Labels, RowIndex
from experiments.rows.arms import Arms, Mask, rows_of
from experiments.rows.gap import left_in_gap
from experiments.rows.minimum_sizes import FEWEST_MEASURED, FEWEST_OF_AN_ARM, FEWEST_OF_AN_OUTCOME
from experiments.rows.split import Fold, Split, split
from experiments.sections.label import HasLabel
from experiments.sections.section import HasName
from experiments.sections.split import HasSplit
from experiments.sections.treatment import HasTreatment
from features.errors import DataError, SpecError
from features.tables import CONTROL, LEFT_IN_GAP
from pipelines.matrix import unlogged_rows
from pipelines.specs.early_checks import HasDemands, HasFigures

# What is read of the rows to learn from.
NEEDED = ("customer_id", "as_of", "churned", "arm", "probability", LEFT_IN_GAP)
# Each slice has figures and draws of its own.
MOST_SLICES = 200


class Divided(HasName, HasLabel, HasTreatment, HasSplit, Protocol):
    """A spec as far as its split and outcomes."""


class HasGateSizes(Divided, HasDemands, Protocol):
    """The same, with the gate's minimum sizes."""


class Sliced(HasName, HasFigures, Protocol):
    """A spec as far as its slices."""


@dataclass(frozen=True)
class Counted:
    """Row counts by outcome: of all rows of the risk, and of the gate cohort.

    rows speaks of these rows, in_gate of those of the gate cohort; remark says what the gate will find too few, "" if
    nothing.
    """

    rows: str
    in_gate: str
    remark: str


def check_rows(spec: HasGateSizes, rows: pd.DataFrame) -> Counted:
    """Count the rows; raise DataError, with numbers and remedy, where they are too few for the spec.

    rows, shape (n_rows,), hold NEEDED, left_in_gap only where there are dates. Asked is that enough customers have each
    outcome, each arm of the spec enough rows, the split enough dates, and folds and gate cohort both outcomes.
    """
    arms: Arms = rows["arm"].astype(object).where(rows["arm"].notna(), None).to_numpy()
    here = ~(left_in_gap(rows) | (nobody_logged := unlogged_rows.found(spec, rows, arms)))
    y = rows["churned"].to_numpy(dtype=float)
    words = _Words(spec)
    if min(_of_each(y[here])) == 0:
        raise DataError(f"{words.none(y[here])}. Check the section label, or add rows.")
    found = split(rows, spec=spec.split, label=spec.label).without(nobody_logged)
    of_arms = {arm: (arms == arm) & ~nobody_logged for arm in (CONTROL, *spec.actions)} if spec.actions else {}
    sizes = {arm: int(given.sum()) for arm, given in of_arms.items()}
    of_arms[CONTROL] = rows_of(arms, CONTROL, spec.actions) & here
    _check_outcomes_of_gate(words, found, y, at_risk=of_arms[CONTROL], customers=rows["customer_id"])
    _check_arms(words, found, sizes, of_arms=of_arms)
    for number, fold in enumerate(found.folds, start=1):
        _check_fold(words, number, fold, y=y, of_arms=of_arms)
    gate = found.gate[of_arms[CONTROL][found.gate]]
    given = {arm: found.gate[arms[found.gate] == arm] for arm in sizes}
    remark = _remark(spec, _rarer(y[gate]), {arm: _rarer(y[index]) for arm, index in given.items()})
    return Counted(words.share(y[of_arms[CONTROL]]), words.share(y[gate]), remark)


class _Words:
    """The names of the spec's outcomes in messages."""

    def __init__(self, spec: HasGateSizes) -> None:
        self.spec = f"spec '{spec.name}'"
        self.bad, self.good = spec.label.bad, spec.label.good
        self.dated = spec.split.kind == "time"
        self.to_promote = spec.gate.minimum_positives
        self.untreated = " without action" if spec.actions else ""
        self.more = "raise split.gate_dates" if self.dated else "raise split.gate_share or give it more rows"

    @staticmethod
    def rows(size: int) -> str:
        """A number of rows, as the subject of a sentence."""
        return {0: "no row was", 1: "1 row was"}.get(size, f"{size:,} rows were")

    def outcomes(self, y: Labels) -> str:
        """Row counts by outcome, in words."""
        return f"{int(y.sum()):,} {self.bad} and {int(len(y) - y.sum()):,} {self.good}"

    def none(self, y: Labels) -> str:
        """That all rows have one outcome, in words."""
        word = self.bad if y.sum() == 0 else self.good
        return (
            f"{self.spec}: of {len(y):,} rows none {word}: {self.outcomes(y)}; both outcomes are needed to learn, and"
            f" {FEWEST_OF_AN_OUTCOME} customers of each in the gate cohort to judge by"
        )

    def share(self, y: Labels) -> str:
        """The count and share of rows with the bad outcome, in words."""
        part = 100 * float(y.mean()) if len(y) else 0.0
        percent = f"{part:.1f}" if part >= 0.05 or not part else f"{part:.1g}"
        return f"{int(y.sum()):,} of {len(y):,}{self.untreated} ({percent} %)"


def _of_each(y: Labels) -> tuple[int, int]:
    """The counts of the good and the bad outcome."""
    return int(len(y) - y.sum()), int(y.sum())


def _check_outcomes_of_gate(
    words: _Words, found: Split, y: Labels, *, at_risk: Mask, customers: "pd.Series[str]"
) -> None:
    """Raise DataError when fewer customers of the gate cohort have either outcome than can judge."""
    at = found.gate[at_risk[found.gate]]
    judged, who = y[at], customers.to_numpy(dtype=object)[at]
    fewest, outcome = min((len(set(who[judged == one])), one) for one in (0.0, 1.0))
    if fewest >= FEWEST_OF_AN_OUTCOME:
        return
    in_all = int((y[at_risk] == outcome).sum())
    share = len(at) / max(1, int(at_risk.sum()))
    about = f", so about {ceil(FEWEST_OF_AN_OUTCOME / share):,} in all" if share else ""
    word = words.bad if outcome else words.good
    enough = in_all >= 2 * FEWEST_OF_AN_OUTCOME
    remedy = words.more if enough else f"give it more rows, or a label by which more {word}"
    raise DataError(
        f"{words.spec}: of {int(at_risk.sum()):,} rows{words.untreated} {in_all:,} {word}"
        f" ({words.share(y[at_risk] == outcome).rsplit('(', 1)[1]}, of the {len(at):,} in the gate cohort"
        f" {int((judged == outcome).sum()):,}: too few to learn or judge by. {FEWEST_OF_AN_OUTCOME} customers who"
        f" {word} are needed in the gate cohort to measure anything{about}, and {words.to_promote:,} rows of them there"
        f" to promote (gate.minimum_positives); {remedy}."
    )


def _check_arms(words: _Words, found: Split, sizes: Mapping[str, int], *, of_arms: Mapping[str, Mask]) -> None:
    """Raise DataError when an arm has too few rows, or none in the gate cohort; sizes: of each arm of the trial."""
    for arm, size in sizes.items():
        if size < FEWEST_OF_AN_ARM:
            raise DataError(
                f"{words.spec}: {words.rows(size)} given '{arm}', {FEWEST_OF_AN_ARM} are needed to say anything of it;"
                " give it more rows, or take it out of treatment.arms."
            )
    if absent := [arm for arm in sizes if not of_arms[arm][found.gate].any()]:
        raise DataError(
            f"{words.spec}: no row of the gate cohort was given {absent}, so that nothing can be said of it;"
            f" {words.more}, or take the arm out of treatment.arms."
        )


def _check_fold(words: _Words, number: int, fold: Fold, *, y: Labels, of_arms: Mapping[str, Mask]) -> None:
    for arm, given in of_arms.items():
        who = f"arm '{arm}' has" if words.untreated else "there are"
        for what, rows in (("fit on", fold.fit), ("judge", fold.judge)):
            of_arm: RowIndex = rows[given[rows]]
            if _rarer(y[of_arm]) < 1:
                raise DataError(
                    f"{words.spec}: {who} {len(of_arm):,} rows to {what} in fold {number}, of which"
                    f" {words.outcomes(y[of_arm])} (of {int(given.sum()):,} rows in all {words.outcomes(y[given])});"
                    " both outcomes are needed in each fold. Give it more rows"
                    f"{' or dates, lower split.gate_dates' if words.dated else ''}, or lower split.folds."
                )


def _rarer(y: Labels) -> int:
    return min(_of_each(y))


def _remark(spec: HasGateSizes, rarer: int, of_arms: Mapping[str, int]) -> str:
    """Which of the gate's minimum sizes the gate cohort misses, for any model."""
    gate, lacking = spec.gate, []
    if rarer < gate.minimum_positives:
        lacking.append(f"{rarer:,} rows of the rarer outcome, gate.minimum_positives is {gate.minimum_positives:,}")
    if few := {arm: n for arm, n in of_arms.items() if n < gate.events_needed(arm)}:
        told = ", ".join(f"{arm} {n:,}" for arm, n in few.items())
        least = {arm: gate.minimum_events_of[arm] for arm in few if arm in gate.minimum_events_of}
        of_each = "".join(f", gate.minimum_events_of.{arm} is {n:,}" for arm, n in least.items())
        lacking.append(
            f"of the rarer outcome in {told}, gate.minimum_events_per_arm is {gate.minimum_events_per_arm:,}{of_each}"
        )
    if not lacking:
        return ""
    return (
        f"spec '{spec.name}': whatever the search finds, promote will say INSUFFICIENT_DATA: the gate cohort holds"
        f" {'; '.join(lacking)}."
    )


def check_outcomes(spec: Divided, rows: pd.DataFrame, outcomes: Collection[str]) -> None:
    """Raise DataError when almost all of an arm's outcomes are missing in the gate cohort.

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


def check_columns(spec: HasName, columns: Mapping[str, pa.ChunkedArray]) -> None:
    """Raise DataError when every feature column is constant or missing.

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


def check_slices(spec: Sliced, columns: Mapping[str, pa.ChunkedArray]) -> None:
    """Raise SpecError when a slice without edges has more values than a report can show.

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
