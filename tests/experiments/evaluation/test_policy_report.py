from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments.evaluation.cohort import Cohort
from experiments.evaluation.model_figures import Predictions
from experiments.evaluation.policy_report import policy_report
from experiments.money import policy
from experiments.spec import ExperimentSpec
from tests.pipelines.reporting.report_world import spec_of

SIZE = 3_000
COSTS = {"call": 4.0, "coupon": 1.0}


def world(seed: int = 0, **asked: Any) -> tuple[Cohort, Predictions]:
    """A trial in which a call keeps up to 20 % of the customers and a coupon 5 %, and the model knows roughly."""
    rng = np.random.default_rng(seed)
    arm, x = rng.choice(["control", "call", "coupon"], SIZE), rng.random(SIZE)
    gained = np.where(arm == "call", 0.2 * x, np.where(arm == "coupon", 0.05, 0.0))
    rows = pd.DataFrame(
        {
            "customer_id": [f"c{number:04d}" for number in range(SIZE)],
            "as_of": pd.NaT,
            "churned": (rng.random(SIZE) < 0.4 - gained).astype(float),
            "arm": arm,
            "probability": 1 / 3,
            "value": 50.0,
            "stop": (np.arange(SIZE) % 10 == 0).astype(float),
            "mu_control": 0.6,
            "mu_call": 0.7,
            "mu_coupon": 0.65,
        }
    )
    plain = spec_of(with_actions=True).model_dump()
    plain["treatment"]["arms"] = {action: {"cost": cost} for action, cost in COSTS.items()}
    plain["policy"] = {"budget_share": 0.5, **asked}
    spec, constant = ExperimentSpec.model_validate(plain), np.full(SIZE, 0.4)
    return Cohort(rows, spec, 6_000), Predictions(
        constant + x / 10, constant, {"call": 0.2 * x, "coupon": np.full(SIZE, 0.03)}
    )


def test_the_policy_and_its_rivals_keep_to_the_limits() -> None:
    cohort, model = world(budget_money=4_000, capacity={"call": 600}, opt_out="stop")
    found = policy_report(cohort, model)
    assert found["limits"] == {"contacts": 1500, "money": 2000.0, "capacity_call": 300, "capacity_coupon": None}
    assert found["contacts_by_action"] == {"call": 300, "coupon": 800}
    assert found["spent"] == 2000
    assert (found["customers"], found["may_be_contacted"]) == (3000, 2700)
    contacts = {name: one["contacts"] for name, one in found["against"].items()}
    assert contacts == {
        "treat_none": 0,
        "treat_all_call": 2700,
        "random_call": 300,
        "highest_risk_first_call": 300,
        "treat_all_coupon": 2700,
        "random_coupon": 1100,
        "highest_risk_first_coupon": 1100,
        "random_the_same_actions": 1100,
        "highest_risk_first_the_same_actions": 1100,
    }


def test_nobody_who_opted_out_is_contacted_by_anybody() -> None:
    cohort, model = world(opt_out="stop", budget_share=1.0)
    assert not (cohort.choice(model.uplift)[cohort.rows["stop"] == 1] != policy.NOBODY).any()
    assert policy_report(cohort, model)["break_even"]["call"]["contacts"] == 2700


def test_a_tighter_limit_never_promises_more() -> None:
    promised = []
    for most in (1500, 600, 60, 0):
        cohort, model = world(capacity={"call": most})
        choice = cohort.choice(model.uplift)
        uplift = np.column_stack([model.uplift[action] for action in COSTS])
        promised.append(policy.realised(choice, gamma=uplift, value=cohort.value, cost=cohort.cost).sum())
    assert promised == sorted(promised, reverse=True)
    assert promised[0] > promised[-1]


def test_at_its_break_even_cost_an_action_earns_nothing() -> None:
    cohort, model = world()
    for action, found in policy_report(cohort, model)["break_even"].items():
        assert found["cost"] == COSTS[action]
        best = np.argsort(-model.uplift[action], kind="stable")[: found["contacts"]]
        earned = cohort.value[best] * cohort.gamma[best, cohort.actions.index(action)] - found["value"]
        assert earned.mean() == pytest.approx(0, abs=1e-9)


def test_the_interval_of_a_break_even_cost_covers() -> None:
    """The upper half of x gains 0.15 by a call, so a call may cost 7.50."""
    found = [policy_report(*world(seed))["break_even"]["call"] for seed in range(80)]
    truth = 50 * 0.2 * 0.75
    assert 0.88 <= np.mean([one["low"] <= truth <= one["high"] for one in found]) <= 0.99


def test_an_action_that_promises_nothing_to_anybody_has_no_break_even_cost() -> None:
    cohort, model = world()
    useless = Predictions(model.score, model.probability, {"call": -np.ones(SIZE), "coupon": -np.ones(SIZE)})
    found = policy_report(cohort, useless)
    assert found["break_even"] == {action: {"cost": cost, "contacts": 0} for action, cost in COSTS.items()}
    assert found["value"]["value"] == 0
