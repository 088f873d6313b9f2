"""Outcomes beside the label: differences are the trial's own, in its unit, and a ranking is judged by them."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments.evaluation.cohort import Cohort
from experiments.evaluation.model_figures import Predictions
from experiments.evaluation.outcomes import Outcome, outcomes_report
from experiments.evaluation.unmeasured import unmeasured
from features.errors import DataError, MetricError
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
            "x": x,
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


def test_rows_that_lack_an_outcome_are_left_out_of_its_figures_and_counted(
    shop: tuple[pd.DataFrame, Predictions],
) -> None:
    """Two gaps in six thousand rows: the figures are those of the others, and the arms do not differ in them."""
    rows, said = shop
    gaps = rows.assign(spent=rows["spent"].where(~rows.index.isin([7, 90])))
    found = outcomes_report(Cohort(gaps, SPEC), said, gaps, [SPENT])["spent"]
    kept = rows.drop([7, 90])
    others = Predictions(said.score[kept.index], said.probability[kept.index], dict.fromkeys(said.uplift, kept["x"]))
    expected = outcomes_report(Cohort(kept, SPEC), others, kept, [SPENT])["spent"]
    assert found["trial"] == expected["trial"]
    for action in SPEC.actions:
        assert found["qini"][action]["value"] == pytest.approx(expected["qini"][action]["value"], abs=1e-12)
    assert (found["missing"]["rows"], found["missing"]["of"]) == (2, ROWS)
    assert sum(found["missing"]["by_arm"].values()) == 2
    assert not found["missing"]["differs"]
    whole = outcomes_report(Cohort(rows, SPEC), said, rows, [SPENT])["spent"]["missing"]
    assert (whole["rows"], whole["p"], whole["differs"]) == (0, 1.0, False)


def lacking(seed: int, *, of_called: float, odds: bool = False) -> dict[str, Any]:
    """A trial of two actions in which 2 in 100 rows lack the outcome, and of those called another share."""
    rng = np.random.default_rng(seed)
    arm = rng.choice(["control", "call", "coupon"], 900)
    probability = np.where(rng.random(900) < 0.5, 0.3, 0.4) if odds else 1 / 3
    rows = pd.DataFrame({"customer_id": np.arange(900), "arm": arm, "probability": probability})
    gone = rng.random(900) < np.where(arm == "call", of_called, 0.02)
    return unmeasured(rows, ("call", "coupon"), np.where(gone, np.nan, 1.0))


@pytest.mark.parametrize("odds", [False, True], ids=["equal chances", "other chances"])
def test_arms_that_lack_an_outcome_alike_are_seldom_said_to_differ_and_others_are(odds: bool) -> None:
    """Of 400 trials at most 5 % plus three Monte-Carlo errors (1.1 points each); a share of 10 % is seen."""
    alarms = sum(lacking(seed, of_called=0.02, odds=odds)["differs"] for seed in range(400)) / 400
    assert alarms <= 0.05 + 3 * 0.011
    assert sum(lacking(seed, of_called=0.10, odds=odds)["differs"] for seed in range(40)) > 32


def test_an_arm_that_lacks_an_outcome_altogether_is_refused(shop: tuple[pd.DataFrame, Predictions]) -> None:
    rows, said = shop
    gone = rows.assign(spent=rows["spent"].where(rows["arm"] != "call"))
    with pytest.raises(DataError, match=r"'spent' is missing in every row of \['call'\]"):
        outcomes_report(Cohort(gone, SPEC), said, gone, [SPENT])


def test_an_outcome_that_is_missing_is_an_error(shop: tuple[pd.DataFrame, Predictions]) -> None:
    rows, _ = shop
    gap = rows["spent"].to_numpy(copy=True)
    gap[7] = np.nan
    with pytest.raises(MetricError, match="an outcome is missing"):
        Cohort(rows, SPEC).gamma_of(gap)
