import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from experiments.evaluation.churn_cost import acceptable_share, churn_cost_report, loss
from experiments.evaluation.cohort import Cohort
from experiments.sections.cost_of_churn import CostOfChurnSpec
from experiments.spec import ExperimentSpec
from tests.pipelines.reporting.report_world import spec_of

ASKED = CostOfChurnSpec(margin_share=0.5, value_months=6, months=12, expansion_share=0.2, acquisition_cost=80)


def test_a_loss_worked_by_hand() -> None:
    """120 in 6 months are 20 a month, 10 of it margin: 120 a year, 24 beside, 80 to win another."""
    found = loss(np.array([120.0, 0.0, -60.0]), ASKED)
    assert found.margin.tolist() == [120, 0, -60]
    assert found.expansion.tolist() == [24, 0, -12]
    assert found.acquisition.tolist() == [80, 80, 80]
    assert found.total.tolist() == [224, 80, 8]


def test_a_multiple_is_a_parameter_and_of_a_cost_that_is_said() -> None:
    assert CostOfChurnSpec(acquisition_multiple=5, retention_cost=16).acquisition == ASKED.acquisition
    for wrong in ({}, {"acquisition_cost": 1, "acquisition_multiple": 5}, {"acquisition_multiple": 5},
        {"acquisition_cost": 1, "retention_cost": 2}, {"acquisition_cost": -1}):  # fmt: skip
        with pytest.raises(ValidationError):
            CostOfChurnSpec.model_validate(wrong)


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5])
def test_at_the_acceptable_share_what_a_customer_brings_is_what_one_costs(share: float) -> None:
    """Customers who leave at that share each month, followed one by one until all but none is left."""
    margin = 7.0
    brought = sum(margin * (1 - share) ** month for month in range(2_000))
    assert acceptable_share(np.array(margin), acquisition=brought) == pytest.approx(share)
    assert acceptable_share(np.array(margin), acquisition=brought, months=2) == pytest.approx(1 - (1 - share) ** 2)


def test_the_acceptable_share_is_a_share_whatever_the_margin() -> None:
    assert acceptable_share(np.array([-5.0, 0.0, 50.0, np.inf]), acquisition=10).tolist() == [0, 0, 1, 1]
    assert acceptable_share(np.array([5.0, 0.0]), acquisition=0).tolist() == [1, 1]


def cohort(seed: int, *, days: int, left: float = 0.3) -> Cohort:
    rng, size = np.random.default_rng(seed), 400
    rows = pd.DataFrame(
        {
            "customer_id": np.arange(size),
            "as_of": pd.NaT,
            "churned": (rng.random(size) < left).astype(float),
            "arm": None,
            "value": rng.gamma(4, 30, size),
        }
    )
    plain = spec_of(with_actions=False).model_dump()
    plain["label"]["horizon_days"], plain["cost_of_churn"] = days, ASKED.model_dump()
    return Cohort(rows, ExperimentSpec.model_validate(plain))


def test_the_report_adds_up() -> None:
    world = cohort(0, days=60)
    found, total = churn_cost_report(world), loss(world.value, ASKED).total
    assert found["per_leaver"]["total"]["value"] == pytest.approx(total.mean())
    assert found["per_customer"]["value"] == pytest.approx((total * world.churned).mean())
    monthly = world.value.mean() / 6 * 0.5 * 1.2 / 80
    assert found["acceptable_monthly"]["value"] == pytest.approx(monthly)
    assert found["acceptable"]["value"] == pytest.approx(1 - (1 - monthly) ** (60 / 30.4375))
    assert found["excess"]["value"] == pytest.approx(world.churned.mean() - found["acceptable"]["value"])
    assert found["excess"]["low"] < found["excess"]["value"] < found["excess"]["high"]


def test_without_a_horizon_shares_are_not_compared_and_without_the_section_nothing_is_said() -> None:
    world = cohort(1, days=0)
    assert "excess" not in churn_cost_report(world)
    silent = Cohort(world.rows, world.spec.model_copy(update={"cost_of_churn": None}))
    assert churn_cost_report(silent) == {}


def test_the_interval_of_the_excess_covers() -> None:
    """Of 120 worlds drawn anew, about 95 % of the intervals hold the difference that is true of all."""
    truth = 0.3 - float(acceptable_share(np.array(120 / 6 * 0.5 * 1.2), acquisition=80, months=60 / 30.4375))
    found = [churn_cost_report(cohort(seed, days=60))["excess"] for seed in range(120)]
    assert 0.9 <= np.mean([one["low"] <= truth <= one["high"] for one in found]) <= 0.99
