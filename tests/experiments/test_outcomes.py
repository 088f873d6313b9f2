"""Outcomes beside the label: differences are the trial's own, in its unit, and a ranking is judged by them."""

import numpy as np
import pandas as pd
import pytest

from experiments.cohort import Cohort
from experiments.evaluation import Predictions
from experiments.outcomes import Outcome, outcomes_report
from features.errors import MetricError
from tests.specs import trial_spec

ROWS = 6000
SPEC = trial_spec(evaluation={"draws": 200})
SPENT = Outcome("spent", "Money spent", "eur")


@pytest.fixture(scope="module")
def shop() -> tuple[pd.DataFrame, Predictions]:
    """Calls raise what is spent by 3 where x is positive and lower it by 1 elsewhere; coupons do nothing."""
    rng = np.random.default_rng(5)
    x, likely = rng.normal(size=ROWS), rng.random(ROWS) < 0.5
    odds = np.where(likely[:, None], [0.5, 0.25, 0.25], [0.2, 0.4, 0.4])
    place = (rng.random(ROWS)[:, None] > np.cumsum(odds, axis=1)).sum(axis=1)
    arm = np.array(["control", "call", "coupon"])[place]
    effect = np.where(x > 0, 3.0, -1.0) * (arm == "call")
    rows = pd.DataFrame(
        {
            "customer_id": np.arange(ROWS).astype(str),
            "as_of": pd.NaT,
            "churned": (rng.random(ROWS) < 0.3).astype(float),
            "arm": arm,
            "probability": odds[np.arange(ROWS), place],
            "value": 1.0,
            "spent": 20 + 5 * likely + effect + rng.normal(size=ROWS),
        }
    )
    return rows, Predictions(x, np.full(ROWS, 0.3), {"call": x, "coupon": x})


def test_the_truth_lies_within_the_intervals_of_the_differences(shop: tuple[pd.DataFrame, Predictions]) -> None:
    rows, said = shop
    trial = outcomes_report(Cohort(rows, SPEC), said, rows, [SPENT])["spent"]["trial"]
    assert trial["call"]["low"] < 1.0 < trial["call"]["high"]
    assert trial["coupon"]["low"] < 0.0 < trial["coupon"]["high"]
    assert trial["call"]["high"] - trial["call"]["low"] < 0.5


def test_the_scores_of_another_outcome_come_to_the_same_difference(shop: tuple[pd.DataFrame, Predictions]) -> None:
    rows, said = shop
    cohort = Cohort(rows, SPEC)
    trial = outcomes_report(cohort, said, rows, [SPENT])["spent"]["trial"]
    gamma = cohort.gamma_of(rows["spent"].to_numpy())
    assert gamma.mean(axis=0) == pytest.approx([trial["call"]["value"], trial["coupon"]["value"]], abs=1e-9)


def test_a_ranking_is_worth_what_it_adds_in_the_unit_of_the_outcome(shop: tuple[pd.DataFrame, Predictions]) -> None:
    """x ranks the effect of calls and not that of coupons; twice the money is twice the figure, and more no other."""
    rows, said = shop
    qini = outcomes_report(Cohort(rows, SPEC), said, rows, [SPENT])["spent"]["qini"]
    # Half the customers have an effect of 3 and half of -1, in this order: the area over the diagonal is 0.5.
    assert qini["call"]["low"] < 0.5 < qini["call"]["high"]
    assert qini["call"]["low"] > 0.3
    assert qini["coupon"]["low"] < 0 < qini["coupon"]["high"]
    doubled = rows.assign(spent=2 * rows["spent"] + 100)
    again = outcomes_report(Cohort(doubled, SPEC), said, doubled, [SPENT])["spent"]["qini"]
    assert again["call"]["value"] == pytest.approx(2 * qini["call"]["value"], abs=1e-9)


def test_an_outcome_that_is_missing_is_an_error(shop: tuple[pd.DataFrame, Predictions]) -> None:
    rows, _ = shop
    gap = rows["spent"].to_numpy(copy=True)
    gap[7] = np.nan
    with pytest.raises(MetricError, match="an outcome is missing"):
        Cohort(rows, SPEC).gamma_of(gap)
