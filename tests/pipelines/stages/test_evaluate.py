"""The figures that DVC and MLflow show: of actions that were not randomised, the adjusted difference by its name."""

import json

from experiments import claims
from pipelines.reporting.effects import is_randomised
from pipelines.stages.evaluate import HEADLINES, headlines
from tests.pipelines.reporting.report_world import judged

BY_LOT = json.dumps(judged(with_actions=True))


def test_of_a_randomised_trial_every_figure_is_shown() -> None:
    names = set(headlines(json.loads(BY_LOT)))
    assert names == {
        *HEADLINES,
        *(f"{metric}_{action}" for metric in ("ate", "qini", "autoc") for action in ("call", "coupon")),
        "policy_value",
    }


def test_of_actions_that_were_not_randomised_the_adjusted_difference_alone_is_shown_and_says_so() -> None:
    found = json.loads(BY_LOT)
    found["uplift"]["randomisation"]["verdict"] = "not randomised"
    shown = headlines(claims.with_claims(found, randomised=is_randomised(found)))
    assert set(shown) == {*HEADLINES, "observational_ate_call", "observational_ate_coupon"}
    assert shown["observational_ate_call"] == found["uplift"]["actions"]["call"]["figures"]["ate"]["value"]


def test_without_a_trial_the_risk_alone_is_shown() -> None:
    assert set(headlines(judged(with_actions=False))) == set(HEADLINES)
