"""The figures that DVC and MLflow show: of actions that were not randomised, the adjusted difference by its name."""

import json

from experiments import metrics
from experiments.evaluation import claims
from experiments.metric import Metric
from features.plugins import discover
from pipelines.reporting.effects import is_randomised
from pipelines.stages.evaluate import headlines
from tests.pipelines.reporting.report_world import judged

METRICS = discover(metrics, Metric)
OF_RISK = {name for name, one in METRICS.items() if one.kind in ("rank", "probability")}
OF_EFFECTS = {name for name, one in METRICS.items() if one.kind == "uplift"}
BY_LOT = json.dumps(judged(with_actions=True))


def test_a_figure_that_is_not_measured_is_left_out() -> None:
    found = json.loads(BY_LOT)
    found["risk"]["calibration_slope"]["value"] = None
    assert set(headlines(json.loads(BY_LOT))) - set(headlines(found)) == {"calibration_slope"}


def test_of_a_randomised_trial_every_figure_is_shown() -> None:
    names = set(headlines(json.loads(BY_LOT)))
    assert names == {
        *OF_RISK,
        *(f"{metric}_{action}" for metric in OF_EFFECTS for action in ("call", "coupon")),
        "policy_value",
    }


def test_of_actions_that_were_not_randomised_the_adjusted_difference_alone_is_shown_and_says_so() -> None:
    found = json.loads(BY_LOT)
    found["uplift"]["randomisation"]["verdict"] = "not randomised"
    shown = headlines(claims.with_claims(found, randomised=is_randomised(found)))
    assert set(shown) == {*OF_RISK, "observational_ate_call", "observational_ate_coupon"}
    assert shown["observational_ate_call"] == found["uplift"]["actions"]["call"]["figures"]["ate"]["value"]


def test_without_a_trial_the_risk_alone_is_shown() -> None:
    assert set(headlines(judged(with_actions=False))) == OF_RISK
