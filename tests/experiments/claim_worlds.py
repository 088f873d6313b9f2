"""Trials of several actions, with rivals and two further outcomes, judged by the code that really reports."""

from typing import Any

import numpy as np
import pandas as pd

from experiments.evaluation.claims import with_claims
from experiments.evaluation.cohort import Cohort
from experiments.evaluation.model_figures import Predictions, figure
from experiments.evaluation.outcomes import Outcome, outcomes_report
from experiments.evaluation.policy_report import policy_report
from experiments.metrics.qini import METRIC as QINI
from experiments.randomisation import arm_differences
from experiments.spec import ExperimentSpec
from tests.specs import trial_spec

OUTCOMES = (Outcome("spent", "Money spent", "eur"), Outcome("visits", "Visits", "visits"))


def spec_of(n_actions: int, *, draws: int) -> ExperimentSpec:
    """A trial of so many actions that cost nothing, some of which may be given to three in ten."""
    arms = {f"a{place}": {"cost": 0.0} for place in range(n_actions)}
    return trial_spec(
        treatment={"arms": arms},
        value={"constant": 50.0},
        policy={"budget_share": 0.3},
        evaluation={"draws": draws, "seed": 11},
    )


def report(seed: int, n_actions: int, *, effect: float = 0.0, rows: int = 1500, draws: int = 200) -> dict[str, Any]:
    """What is found in a trial whose first action keeps `effect` more of those with x above 0; the others do nothing.

    The model ranks every action by x, and promises something to the half with x above 0. Further outcomes are skewed.
    """
    rng, spec = np.random.default_rng(seed), spec_of(n_actions, draws=draws)
    arms = ("control", *spec.actions)
    arm, x = rng.choice(arms, rows), rng.normal(size=rows)
    kept = 0.7 + 0.1 * np.tanh(x) + effect * ((arm == "a0") & (x > 0))
    table = pd.DataFrame(
        {
            "customer_id": np.arange(rows).astype(str),
            "as_of": pd.NaT,
            "churned": (rng.random(rows) >= kept).astype(float),
            "arm": arm,
            "probability": 1 / len(arms),
            "value": 50.0,
            "spent": np.exp(rng.normal(size=rows)) + 2 * effect * (arm == "a0"),
            "visits": rng.poisson(2.0, rows).astype(float),
            **{f"mu_{name}": 0.7 + 0.1 * np.tanh(x) for name in arms},
        }
    )
    cohort, promised = Cohort(table, spec), {action: rng.normal(size=rows) / 10 for action in spec.actions}
    promised["a0"] = x / 10
    said = Predictions(-x, np.full(rows, 0.3), promised)
    found = {
        "uplift": {
            "trial": arm_differences.differences(table, cohort.actions, 1.0 - cohort.churned),
            "outcomes": outcomes_report(cohort, said, table, OUTCOMES),
            "actions": {
                action: {"figures": {"qini": figure(QINI, cohort.uplift(QINI, promised[action], action))}}
                for action in cohort.actions
            },
        },
        "policy": policy_report(cohort, said),
    }
    return with_claims(found, randomised=True)


def established(found: dict[str, Any]) -> set[str]:
    """The names of the claims that stand."""
    return {name for name, one in found["claims"]["made"].items() if one["established"]}
