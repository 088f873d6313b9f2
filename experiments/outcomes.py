"""What the actions changed besides the label: the trial's plain differences, and what ranking by uplift adds there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from experiments import trial
from experiments.cohort import Cohort
from experiments.evaluation import Predictions, figure
from experiments.metrics.qini import METRIC as QINI


@dataclass(frozen=True)
class Outcome:
    """A number that was measured after the actions, such as money spent: the column, its meaning and its unit."""

    column: str
    meaning: str
    unit: str | None


def outcomes_report(
    cohort: Cohort, challenger: Predictions, whole: pd.DataFrame, outcomes: Sequence[Outcome]
) -> dict[str, Any]:
    """Of each outcome and action: the difference in the whole trial, and the QINI of the gate cohort, in its unit.

    whole are the rows of the whole trial. Every ranking is the model's own, by what it predicts of the label.
    """
    return {
        one.column: {
            "meaning": one.meaning,
            "unit": one.unit,
            "trial": trial.differences(whole, cohort.actions, whole[one.column].to_numpy(dtype=float)),
            "qini": _rankings(cohort, challenger.uplift, one),
        }
        for one in outcomes
    }


def _rankings(cohort: Cohort, uplift: Mapping[str, Any], outcome: Outcome) -> dict[str, Any]:
    """The QINI of each action in the unit of the outcome, per customer."""
    gamma = cohort.gamma_of(cohort.rows[outcome.column].to_numpy(dtype=float))
    found = {}
    for place, action in enumerate(cohort.actions):
        said = uplift[action][cohort.in_trial]
        qini = cohort.estimate(QINI, gamma[:, place], said, mask=cohort.in_trial)
        found[action] = {**figure(QINI, qini), "unit": f"{outcome.unit or outcome.column} per customer"}
    return found
