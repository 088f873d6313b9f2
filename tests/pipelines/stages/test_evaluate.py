"""The figures that DVC and MLflow show: of actions that were not randomised, the adjusted difference by its name."""

import json
from dataclasses import replace

import numpy as np
import pytest

from experiments import metrics
from experiments.evaluation import claims, model_figures
from experiments.metric import Metric, Numbers
from features.plugins import discover
from pipelines.reporting import tables
from pipelines.reporting.effects import is_randomised
from pipelines.stages.evaluate import headlines
from tests.pipelines.reporting.report_world import judged

METRICS = discover(metrics, Metric)
OF_RISK = {name for name, one in METRICS.items() if one.kind in ("rank", "probability")}
OF_EFFECTS = {name for name, one in METRICS.items() if one.kind == "uplift"}
RANDOMISED = json.dumps(judged(with_actions=True))


def test_a_figure_that_is_not_measured_is_left_out() -> None:
    found = json.loads(RANDOMISED)
    found["risk"]["calibration_slope"]["value"] = None
    assert set(headlines(json.loads(RANDOMISED))) - set(headlines(found)) == {"calibration_slope"}


def test_a_figure_of_effects_that_no_draw_defines_stops_nothing_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as a metric of somebody else's that asks for more than these rows hold."""
    nowhere = replace(METRICS["qini"], name="nowhere", meaning="a figure of rows that are not here", function=undefined)
    known = model_figures.uplift_metrics()
    monkeypatch.setattr(model_figures, "uplift_metrics", lambda: {**known, "nowhere": nowhere})
    found = judged(with_actions=True)
    said = found["uplift"]["actions"]["call"]["figures"]
    assert said["nowhere"]["value"] is None
    assert said["nowhere"]["not_measured"]
    assert set(headlines(json.loads(RANDOMISED))) == set(headlines(found))
    lines = dict(tables.figures(found))["Action: call"]  # as the report shows them
    assert [line.figure for line in lines if "Not measured" in line.meaning] == [None]


def undefined(*, gamma: Numbers, uplift: Numbers, weights: Numbers) -> Numbers:  # noqa: ARG001 - by keyword
    return np.full(len(weights), np.nan)


def test_of_a_randomised_trial_every_figure_is_shown() -> None:
    names = set(headlines(json.loads(RANDOMISED)))
    assert names == {
        *OF_RISK,
        *(f"{metric}_{action}" for metric in OF_EFFECTS for action in ("call", "coupon")),
        "policy_value",
    }


def test_of_actions_that_were_not_randomised_the_adjusted_difference_alone_is_shown_and_says_so() -> None:
    found = json.loads(RANDOMISED)
    found["uplift"]["randomisation"]["verdict"] = "not randomised"
    shown = headlines(claims.with_claims(found, randomised=is_randomised(found)))
    assert set(shown) == {*OF_RISK, "observational_ate_call", "observational_ate_coupon"}
    assert shown["observational_ate_call"] == found["uplift"]["actions"]["call"]["figures"]["ate"]["value"]


def test_without_a_trial_the_risk_alone_is_shown() -> None:
    assert set(headlines(judged(with_actions=False))) == OF_RISK
