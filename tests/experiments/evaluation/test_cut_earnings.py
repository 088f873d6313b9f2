"""What each cut earns on the gate cohort, against brute force; the best of training is that of its untreated rows."""

import numpy as np
import pandas as pd
import pytest

from experiments.evaluation import cut_earnings
from experiments.evaluation.cohort import Cohort
from experiments.money import cuts
from experiments.spec import ExperimentSpec
from tests.pipelines.reporting.report_world import rows_of, spec_of

MONEY = {"lifetime_value": 100.0, "offer_cost": 8.0, "contact_cost": 1.0}


def spec(*, money: bool = False, with_actions: bool = True, **score: object) -> ExperimentSpec:
    plain = spec_of(with_actions=with_actions).model_dump(exclude={"score"}, exclude_unset=True) | {"score": score}
    plain["evaluation"] |= {"campaign": MONEY} if money else {}
    return ExperimentSpec.model_validate(plain)


def world(*, with_actions: bool = True) -> tuple[pd.DataFrame, np.ndarray]:
    rows = rows_of(np.random.default_rng(7), with_actions=with_actions)
    return rows, 1 / (1 + np.exp(-rows["x"].to_numpy()))


@pytest.mark.parametrize("with_actions", [True, False])
def test_a_level_earns_what_one_adds_up_over_untreated_customers(with_actions: bool) -> None:
    rows, p = world(with_actions=with_actions)
    asked = spec(money=True, with_actions=with_actions, medium_from=0.4, high_from=0.7)
    found = cut_earnings.cut_earnings(Cohort(rows, asked), p, best_of_training=(0.2, 0.35))
    assert found["in_use"] == {"medium_from": 0.4, "high_from": 0.7, "origin": "spec"}
    untreated = rows["arm"].isna() | (rows["arm"] == "control")
    left = rows["churned"] == 1
    for one, cut in zip(found["earned"], (0.0, 0.4, 0.7, 0.35), strict=True):
        assert one["cut"] == cut
        chosen = untreated & (p >= cut)
        total = (chosen & left).sum() * (0.3 * 92 - 1) - (chosen & ~left).sum() * 9
        assert one["contacted"] == chosen.sum()
        assert one["leavers"] == (chosen & left).sum()
        assert one["contacted_share"] == pytest.approx(chosen.sum() / untreated.sum())
        assert one["profit"]["value"] == pytest.approx(total / untreated.sum())
        assert one["profit"]["low"] < one["profit"]["value"] < one["profit"]["high"] or not total
    assert [one["name"] for one in found["earned"]] == ["everybody", "medium", "high", "best_of_training"]
    assert found["curve"][0]["profit"] == pytest.approx(found["earned"][0]["profit"]["value"])
    assert len(found["curve"]) == cut_earnings.POINTS + 1


def test_weighted_rows_weigh_in_the_best_cut_and_in_what_it_earns() -> None:
    """Of every other customer one in nine was left without action: each of them stands for three of the rest."""
    rows, p = world()
    rows = rows.assign(probability=np.where(np.arange(len(rows)) % 2, 1 / 9, 1 / 3))
    cohort = Cohort(rows, spec(money=True))
    copies = pd.concat([rows, *[rows[rows["probability"] < 0.2]] * 2], ignore_index=True)
    copies = copies.assign(probability=1 / 3, customer_id=[f"c{k}" for k in range(len(copies))])
    q = 1 / (1 + np.exp(-copies["x"].to_numpy()))
    one, other = cut_earnings.best(cohort, p), cut_earnings.best(Cohort(copies, spec(money=True)), q)
    assert one == other
    told, plain = (
        cut_earnings.cut_earnings(*of, best_of_training=one)["earned"][3]
        for of in ((cohort, p), (Cohort(copies, spec(money=True)), q))
    )
    assert told["profit"]["value"] == pytest.approx(plain["profit"]["value"])
    assert told["contacted_share"] == pytest.approx(plain["contacted_share"])


def test_treated_rows_tell_nothing_of_the_best_cut() -> None:
    rows, p = world()
    treated = rows["arm"] != "control"
    turned = rows.assign(churned=np.where(treated, 1 - rows["churned"], rows["churned"]))
    assert cut_earnings.best(Cohort(rows, spec()), p) == cut_earnings.best(Cohort(turned, spec()), p)
    at = ~treated.to_numpy()
    expected = cuts.derived(
        probability=p[at],
        churned=rows["churned"].to_numpy()[at],
        weights=np.ones(at.sum()),
        campaign=spec().evaluation.campaign,
    )
    assert cut_earnings.best(Cohort(rows, spec()), p) == expected
    assert cut_earnings.best(Cohort(rows[treated], spec()), p[~at]) is None


def test_derived_cuts_are_in_use_where_the_spec_has_money_and_says_no_cuts() -> None:
    derived = (0.2, 0.35)
    assert cut_earnings.in_use(spec(money=True), derived).origin == "highest expected profit"
    assert cut_earnings.in_use(spec(money=False), derived).origin == "default"
    assert cut_earnings.in_use(spec(money=True, high_from=0.5), derived).origin == "spec"
    assert cut_earnings.in_use(spec(money=True), None).origin == "default"


def test_segments_have_levels_of_their_own() -> None:
    rows, p = world()
    asked = spec(medium_from=0.4, high_from=0.7, by="plan", cuts={"rare": {"medium_from": 0.01, "high_from": 0.02}})
    found = cut_earnings.cut_earnings(Cohort(rows, asked), p, best_of_training=None)
    untreated, rare = rows["arm"] == "control", rows["plan"] == "rare"
    high = untreated & ((p >= 0.7) | rare & (p >= 0.02))
    assert found["earned"][2]["contacted"] == high.sum() > (untreated & (p >= 0.7)).sum()
    assert [one["cut"] for one in found["earned"]] == [0.0, None, None]
    assert found["in_use"]["of"] == {"rare": [0.01, 0.02]}
