"""Effects of the actions on further outcomes beside the label, such as money spent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from experiments.evaluation.cohort import Cohort
from experiments.evaluation.model_figures import Predictions, figure
from experiments.evaluation.unmeasured import measured, unmeasured
from experiments.metrics.qini import METRIC as QINI
from experiments.randomisation import arm_differences


@dataclass(frozen=True)
class Outcome:
    """A number that was measured after the actions, such as money spent: the column, its meaning and its unit."""

    column: str
    meaning: str
    unit: str | None


def outcomes_report(
    cohort: Cohort, challenger: Predictions, whole: pd.DataFrame, outcomes: Sequence[Outcome]
) -> dict[str, Any]:
    """For each outcome and action: the difference of means in the whole trial and the QINI on the gate cohort.

    whole are the rows of the whole trial. Every ranking is the model's own, by what it predicts of the label. Rows in
    which an outcome is missing are left out of its figures, and `missing` says how many, and whether arms differ in it.
    Raises DataError when an arm has none of an outcome.
    """
    return {one.column: _report(cohort, challenger, whole, one) for one in outcomes}


def _report(cohort: Cohort, challenger: Predictions, whole: pd.DataFrame, outcome: Outcome) -> dict[str, Any]:
    values = whole[outcome.column].to_numpy(dtype=float)
    known = measured(whole, cohort.actions, values, outcome.column)
    return {
        "meaning": outcome.meaning,
        "unit": outcome.unit,
        "missing": unmeasured(whole, cohort.actions, values),
        "trial": arm_differences.differences(whole[known], cohort.actions, values[known]),
        "qini": _rankings(cohort, challenger.uplift, outcome),
    }


def _rankings(cohort: Cohort, uplift: Mapping[str, Any], outcome: Outcome) -> dict[str, Any]:
    """The QINI of each action in the unit of the outcome, per customer."""
    values = cohort.rows[outcome.column].to_numpy(dtype=float)
    known = cohort.in_trial & measured(cohort.rows, cohort.actions, values, outcome.column)
    gamma = cohort.gamma_of(values, known)
    found = {}
    for place, action in enumerate(cohort.actions):
        qini = cohort.estimate(QINI, gamma[:, place], uplift[action][known], mask=known)
        found[action] = {**figure(QINI, qini), "unit": f"{outcome.unit or outcome.column} per customer"}
    return found
