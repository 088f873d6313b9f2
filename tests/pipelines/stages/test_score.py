from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments.spec import ExperimentSpec
from pipelines.ruling.champion_for import Claims
from pipelines.stages.score import rank
from tests.pipelines.reporting.report_world import spec_of

COSTS = {"call": 8.0, "coupon": 2.0}


def spec(**asked: Any) -> ExperimentSpec:
    plain = spec_of(with_actions=True).model_dump()
    plain["treatment"]["arms"] = {action: {"cost": cost} for action, cost in COSTS.items()}
    plain["policy"] = {"budget_share": 1.0, **asked}
    return ExperimentSpec.model_validate(plain)


def customers(size: int = 200) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Customers to score and what a model says of them; values and effects of either sign."""
    rng = np.random.default_rng(5)
    rows = pd.DataFrame(
        {
            "customer_id": [f"c{number:03d}" for number in range(size)],
            "as_of": pd.NaT,
            "value": rng.normal(100, 60, size),
            "stop": (rng.random(size) < 0.1).astype(float),
            "calls_90d": rng.integers(0, 5, size).astype(float),
        }
    )
    scored = pd.DataFrame({"churn_probability": np.round(rng.random(size), 2)})
    for action in COSTS:
        scored[f"uplift_{action}"] = np.round(rng.normal(0.05, 0.08, size), 2)
    return rows, scored.assign(reason_1="because")


EVERYTHING = {
    "budget_share": 0.4,
    "budget_money": 180.0,
    "capacity": {"call": 5},
    "opt_out": "stop",
    "fatigue": {"column": "calls_90d", "at_most": 3},
}


def test_the_list_keeps_to_everything_and_says_why_somebody_was_passed_over() -> None:
    rows, scored = customers()
    listed = rank(rows, scored, spec=spec(**EVERYTHING), version="1").merge(rows, on="customer_id")
    acted = listed[listed["action"] != "none"]
    assert len(acted) <= 80
    assert (acted["action"] == "call").sum() == 5
    assert 178 < acted["action"].map(COSTS).sum() <= 180
    assert not acted["stop"].any()
    assert (acted["calls_90d"] <= 3).all()
    assert (acted["value"] >= 0).all()
    assert (acted["expected_value_eur"] > 0).all()
    best = np.max([listed["value"] * listed[f"uplift_{action}"] - cost for action, cost in COSTS.items()], axis=0)
    missed = (listed["action"] == "none") & (best > 0) & (listed["value"] >= 0)
    assert ((listed["not_contacted_because"] != "none") == missed).all()
    told = listed.groupby("not_contacted_because")
    assert set(told.groups) == {"none", "opted out", "contacted too often", "budget spent", "capacity full"}
    assert told.get_group("opted out")["stop"].all()
    assert (told.get_group("contacted too often")["calls_90d"] > 3).all()


@pytest.mark.parametrize("asked", [{"budget_share": 0.1}, EVERYTHING], ids=["share", "everything"])
def test_the_order_of_rows_changes_no_byte(asked: dict[str, Any]) -> None:
    rows, scored = customers()
    order = np.random.default_rng(1).permutation(len(rows))
    first = rank(rows, scored, spec=spec(**asked), version="1").to_csv(index=False)
    turned = rank(rows.iloc[order], scored.iloc[order], spec=spec(**asked), version="1").to_csv(index=False)
    assert turned == first


def test_what_a_customer_costs_who_is_lost_stands_beside_where_the_spec_says_how_to_count_it() -> None:
    rows, scored = customers()
    listed = rank(rows, scored, spec=spec(), version="1").merge(rows, on="customer_id")
    # A year's value once, a tenth of it beside, and 5 times 8 for another.
    assert listed["cost_if_lost_eur"].to_numpy() == pytest.approx(listed["value"].to_numpy() * 1.1 + 40)
    silent = spec().model_copy(update={"cost_of_churn": None})
    assert "cost_if_lost_eur" not in rank(rows, scored, spec=silent, version="1")


def test_where_nothing_was_tried_nobody_is_passed_over() -> None:
    rows, scored = customers()
    listed = rank(rows, scored[["churn_probability", "reason_1"]], spec=spec_of(with_actions=False), version="1")
    assert set(listed["action"]) == {"not measured"}
    assert set(listed["not_contacted_because"]) == {"none"}


def test_effects_that_were_not_shown_by_lot_are_not_in_the_list() -> None:
    rows, scored = customers()
    listed = rank(rows, scored, spec=spec(), version="1", uplift="observational")
    assert set(listed["action"]) == {"no claim"}
    assert listed["expected_value_eur"].isna().all()
    assert not [name for name in listed if name.startswith("uplift_")]
    assert (np.diff(listed["churn_probability"]) <= 0).all()


def test_the_list_claims_only_what_the_champion_was_shown_to_be_for() -> None:
    rows, scored = customers()
    for_risk = rank(rows, scored, spec=spec(), version="1", claims=Claims(risk=True, uplift=False))
    assert set(for_risk["action"]) == {"not established"}
    assert not [name for name in for_risk if name.startswith("uplift_")]
    assert set(for_risk["risk_band"]) <= {"low", "medium", "high"}
    for_actions = rank(rows, scored, spec=spec(), version="1", claims=Claims(risk=False, uplift=True))
    assert set(for_actions["risk_band"]) == {"not established"}
    assert set(for_actions["action"]) == {"call", "coupon", "none"}


def test_the_date_of_the_list_is_to_the_second() -> None:
    """The newest date is the first moment at which all was known, a microsecond after the newest row."""
    rows, scored = customers(3)
    newest = rows.assign(as_of=pd.Timestamp("2011-12-09T12:50:00.000001").as_unit("us"))
    listed = rank(newest, scored, spec=spec(), version="1")
    assert listed["as_of"].dtype == "datetime64[us]"
    assert set(listed["as_of"].astype(str)) == {"2011-12-09 12:50:00"}
