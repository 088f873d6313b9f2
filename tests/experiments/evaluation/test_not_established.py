"""An insurance-like trial in which nothing helps: lapses are few and can be foreseen, and no uplift may be claimed."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments.evaluation import model_figures
from experiments.evaluation.claims import NEVER, with_claims
from experiments.evaluation.cohort import Cohort
from experiments.evaluation.model_figures import Predictions
from experiments.evaluation.policy_report import policy_report
from experiments.randomisation import arm_differences
from tests.experiments.effect_worlds import ACTIONS, FAMILIES, LEARNERS, World, fitted, problem, world
from tests.specs import trial_spec

pytestmark = pytest.mark.slow
TRIALS, ROWS = 40, 3000
# Chance establishes one in forty: more than these of two in each trial, or of one, come once in a thousand times.
MOST_OF_TWO, MOST_OF_ONE = 7, 5
SPEC = trial_spec(
    treatment={"arms": {action: {"cost": 1.0} for action in ACTIONS}},
    value={"constant": 100.0},
    evaluation={"draws": 100},
)


def insurance(seed: int) -> World:
    """Policies that lapse or not, whatever was done; the two things known of a customer foresee it."""
    of, rng = world(ROWS, seed=seed, missing=0.0), np.random.default_rng(seed + 10_000)
    risk = 0.12 - 0.08 * np.tanh(of.X[:, 0]) + 0.03 * of.X[:, 3]
    return replace(of, y=(rng.random(ROWS) < risk).astype(float), effects=np.zeros_like(of.effects))


@pytest.fixture(scope="module")
def reports() -> list[dict[str, Any]]:
    """What was found of the actions and of the policy in each trial: learnt on one draw, judged on another."""
    found = []
    for seed in range(TRIALS):
        learner = LEARNERS[list(LEARNERS)[seed % len(LEARNERS)]]
        model = fitted(learner, FAMILIES["logistic"], problem(insurance(2 * seed), family_names=["logistic"]))
        new = insurance(2 * seed + 1)
        rows = pd.DataFrame(
            {
                "customer_id": np.arange(ROWS).astype(str),
                "as_of": pd.NaT,
                "churned": new.y,
                "arm": new.arms,
                "probability": new.probability,
                "value": 100.0,
                **{f"mu_{arm}": 1 - new.y.mean() for arm in ("control", *ACTIONS)},
            }
        )
        cohort, risk = Cohort(rows, SPEC), model.risk(new.X)
        said = Predictions(risk, risk, model.effects(new.X))
        told = {
            "uplift": {
                "trial": arm_differences.differences(rows, ACTIONS, 1.0 - new.y),
                "outcomes": {},
                "actions": model_figures.effects(cohort, said),
            },
            "policy": policy_report(cohort, said),
        }
        found.append(with_claims(told, randomised=True))
    return found


def claimed(report: dict[str, Any]) -> set[str]:
    """What is said to be so: that something helps, harms, or earns more; that it costs more than nothing is true."""
    policy, uplift = report["policy"], report["uplift"]
    values = {"advice: policy": policy["value"]["value"]}
    values |= {f"effect: {action}": one["value"] for action, one in uplift["trial"].items()}
    values |= {f"ranking: {action}": one["figures"]["qini"]["value"] for action, one in uplift["actions"].items()}
    made = report["claims"]["made"]
    return {name for name, value in values.items() if made.get(name, NEVER)["established"] and _is_false(name, value)}


def _is_false(name: str, value: float) -> bool:
    """Advice that costs money and does nothing does lose it."""
    return value > 0 or not name.startswith("advice")


def test_no_word_is_said_of_an_action_that_does_nothing(reports: list[dict[str, Any]]) -> None:
    assert sum(bool(claimed(one)) for one in reports) <= MOST_OF_ONE


def test_a_ranking_by_uplift_is_not_established(reports: list[dict[str, Any]]) -> None:
    established = [one["uplift"]["actions"][action]["ranking_established"] for one in reports for action in ACTIONS]
    assert sum(established) <= MOST_OF_ONE
    # And each by itself is wrong no more often than its own interval says.
    alone = [one["uplift"]["actions"][action]["figures"]["qini"]["low"] > 0 for one in reports for action in ACTIONS]
    assert sum(alone) <= MOST_OF_TWO


def test_no_action_is_said_to_help_and_no_advice_to_pay(reports: list[dict[str, Any]]) -> None:
    helps = [one["uplift"]["actions"][action]["figures"]["ate"]["low"] > 0 for one in reports for action in ACTIONS]
    assert sum(helps) <= MOST_OF_TWO
    assert sum(one["policy"]["value"]["low"] > 0 for one in reports) <= MOST_OF_ONE
