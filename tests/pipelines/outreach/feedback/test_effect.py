"""Whether rounds helped: a planted effect is found, nothing is said too early or without a control; money adds up."""

import json
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from features.errors import UsageError
from pipelines.outreach.feedback import effect_run
from pipelines.outreach.operations import came_back, database
from pipelines.reporting import effect_page
from tests.pipelines.outreach.feedback.rounds_world import Shop, calls, fates

CONTROL_OF = ("withheld by chance", "logged before the action", "outcomes of those withheld")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.delenv(database.ADDRESS, raising=False)
    return Shop(tmp_path)


def line(found: dict[str, Any], action: str, by: str = "all", value: str = "all") -> dict[str, Any]:
    (one,) = [one for one in found["lines"] if (one["action"], one["by"], one["value"]) == (action, by, value)]
    return dict(one)


def planted(shop: Shop, rounds: int = 3) -> None:
    for number in range(rounds):
        drawn = shop.draw(number=number, customers=1500)
        shop.record(calls(drawn))
        shop.record(fates(drawn, seed=number))


def test_a_planted_effect_is_found_and_none_is_not_claimed(shop: Shop) -> None:
    planted(shop)
    found = shop.effect()
    call, coupon = line(found, "call"), line(found, "coupon")
    assert call["word"] == "helps"
    assert call["effect"]["low"] < 0.25 < call["effect"]["high"]
    assert coupon["word"] == "cannot tell"
    assert coupon["effect"]["low"] < 0 < coupon["effect"]["high"]
    # Everybody assigned was reached, and nobody withheld.
    assert call["reached"]["shares"] == pytest.approx({"assigned": 1.0, "withheld": 0.0})
    for end in ("value", "low", "high"):
        assert call["reached"]["effect"][end] == pytest.approx(call["effect"][end])
    # Two actions, whole, by three levels and two segments: what grows with every month is no part of it.
    assert found["family"]["lines"] == 2 * (1 + 3 + 2)
    assert {one["word"] for one in found["lines"] if one["by"] in ("round", "campaign")} == {"shown"}
    json.dumps(found, allow_nan=False)


def test_the_interval_of_the_whole_is_wider_than_one_look_at_one_line(shop: Shop) -> None:
    planted(shop, rounds=1)
    found = shop.effect()
    whole, alone = line(found, "call"), line(found, "call", "round", "2025-01-01")
    assert whole["effect"]["value"] == pytest.approx(alone["effect"]["value"])
    widths = [one["effect"]["high"] - one["effect"]["low"] for one in (whole, alone)]
    assert widths[0] > 1.3 * widths[1]


def test_before_a_round_is_mature_there_are_counts_only(shop: Shop) -> None:
    drawn = shop.draw()
    early = shop.effect(at=date(2025, 2, 1))
    outcomes = fates(drawn)
    shop.record(outcomes.iloc[1:])
    lacking = shop.effect()
    for found, told in ((early, "closes on 2025-04-01"), (lacking, "the outcomes of 1 of 600 customers")):
        assert told in found["rounds"][0]["pending"]
        assert {one["word"] for one in found["lines"]} == {"not yet"}
        for one in found["lines"]:
            assert (one["effect"], one["stayed"], one["money"], one["counts"]["left_assigned"]) == (None,) * 4
            assert one["counts"]["pending_assigned"] == one["counts"]["assigned"] > 0
    # Nor of what was known later is anything told of an earlier date.
    shop.record(outcomes.iloc[:1])
    assert line(shop.effect(), "call")["effect"] is not None
    assert shop.effect(at=date(2025, 2, 1)) == early


def test_what_came_after_the_date_of_the_page_is_no_part_of_it(shop: Shop) -> None:
    drawn = shop.draw(customers=40)
    shop.record(calls(drawn).iloc[:3])
    before = shop.effect(at=date(2025, 1, 20))
    assert len(before["rounds"]) == 1
    shop.record(calls(drawn, when="2025-02-01").iloc[3:])
    shop.draw(customers=40, number=1)
    shop.draw_again(drawn[drawn["action"] == "call"], on=date(2025, 2, 20), spec="other")
    assert shop.effect(at=date(2025, 1, 20)) == before
    assert len(shop.effect(at=date(2025, 2, 20))["rounds"]) == 2


def test_a_customer_of_no_or_negative_value_counts_as_worth_nothing(shop: Shop) -> None:
    drawn = shop.draw(customers=40)
    called = drawn[drawn["action"] == "call"].head(3)
    shop.draw_again(called.assign(value=[-5.0, float("nan"), 0.0]), on=date(2025, 2, 20))
    found = shop.effect()
    assert line(found, "call")["counts"]["assigned"] == int((drawn["action"] == "call").sum()) + 3
    assert "What 1 customers were worth was not kept when their round was drawn: counted as 0." in found["remarks"]


def test_without_a_cost_of_churn_winning_a_customer_costs_nothing_and_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(database.ADDRESS, raising=False)
    found = Shop(tmp_path, cost_of_churn=None).effect()
    assert found["churn"]["acquisition_cost"] == 0
    assert any(one.startswith("The spec has no cost_of_churn") for one in found["remarks"])


def test_without_a_control_the_claim_is_refused_and_what_is_missing_is_said(shop: Shop) -> None:
    drawn = shop.draw(control=0.0)
    shop.record(fates(drawn, call=-0.3))
    found = shop.effect()
    assert {one["word"] for one in found["lines"]} == {"no control"}
    for one in found["lines"]:
        assert one["effect"] is None
        assert one["money"] is None
        assert "withheld by chance" in one["missing"][0]
    assert "no control" in effect_page.render(found)


@pytest.mark.parametrize("said", ["retention=68%:81%", "win-back=+23%", "renewals=+37%"])
def test_before_and_after_is_never_an_effect(shop: Shop, said: str) -> None:
    planted(shop, rounds=1)
    found = shop.effect(before_and_after=[said])
    (refused,) = found["refused"]
    assert refused["word"] == "no control"
    assert "no effect of anything" in refused["because"]
    assert all(any(told in one for one in refused["missing"]) for told in CONTROL_OF)
    page = effect_page.render(found)
    assert "No effect can be claimed of" in page
    assert said in page
    with pytest.raises(UsageError, match="--before-and-after") as error:
        effect_run.refused("it went up\nby 3 %")
    assert "\n" not in str(error.value)
    assert (
        effect_run.refused("retention = 68 % : 81 %")["because"] == effect_run.refused("retention=68%:81%")["because"]
    )


def test_contacts_outside_of_rounds_change_no_effect(shop: Shop) -> None:
    planted(shop, rounds=1)
    before = shop.effect()
    outside = [{"customer": f"c0-{place:04}", "action": "call", "when": "2024-12-01"} for place in range(50)]
    shop.record([{**one, "outcome": "reached", "cost": 1000} for one in outside])
    after = shop.effect()
    assert (before["outside"], after["outside"]) == (0, 50)
    assert after["lines"] == before["lines"]


def test_recording_twice_changes_nothing_and_a_correction_does(shop: Shop) -> None:
    planted(shop, rounds=1)
    found = shop.effect()
    drawn = fates(shop.draw(customers=1500), seed=0)  # the round there is
    assert shop.record(drawn).new == 0
    assert shop.effect() == found
    turned = drawn.assign(churned=1 - drawn["churned"])
    assert shop.record(turned).corrections == len(drawn)
    shop.record(drawn)  # what came before does not come back
    assert came_back.outcomes(shop.engine, "shop")["churned"].mean() == pytest.approx(turned["churned"].mean())
    assert line(shop.effect(), "call")["word"] == "harms"


def test_what_is_spent_is_what_was_done(shop: Shop) -> None:
    drawn = shop.draw(customers=1500)
    shop.record(fates(drawn))
    assigned = int((drawn["action"] == "call").sum())
    planned = shop.effect()
    assert line(planned, "call")["money"]["spent"] == pytest.approx(2.0 * assigned)
    assert any("nothing was recorded" in one for one in planned["remarks"])
    done = calls(drawn, cost=3.0).iloc[:10]
    shop.record(done)
    spent = 3.0 * int((done["action"] == "call").sum())
    money = line(shop.effect(), "call")["money"]
    assert money["spent"] == pytest.approx(spent)
    gained = money["gained"]["value"]
    assert money["net"]["value"] == pytest.approx(gained - spent)
    assert sum(one["value"] for one in money["by_part"].values()) == pytest.approx(gained)
    # The dearer winning a customer is, the more one who stays is worth.
    multiples = [one["gained"]["value"] for one in money["by_multiple"].values()]
    assert list(money["by_multiple"]) == ["3", "5", "25"]
    assert multiples == sorted(multiples)
    assert multiples[0] < multiples[-1]


def test_who_is_reached_must_be_recorded_for_all_assigned(shop: Shop) -> None:
    drawn = shop.draw(customers=1500)
    shop.record(fates(drawn))
    done = calls(drawn)
    lacking = str(done.iloc[-1]["action"])
    (other,) = {"call", "coupon"} - {lacking}
    shop.record(done.iloc[:-1])
    found = shop.effect()
    refused, told = line(found, lacking)["reached"], line(found, other)["reached"]
    assigned = int((drawn["action"] == lacking).sum())
    assert refused["missing"] == f"for 1 of {assigned} assigned nobody recorded whether they were reached"
    assert (refused["effect"], refused["shares"]) == (None, None)
    assert told["missing"] is None
    assert told["shares"] == pytest.approx({"assigned": 1.0, "withheld": 0.0})


def test_who_is_contacted_again_within_the_window_is_counted_and_changes_no_effect(shop: Shop) -> None:
    """By a later list of this spec or of another one, or as another spec recorded; not when the window has closed."""
    drawn = shop.draw(customers=1500)
    shop.record(fates(drawn))
    before = shop.effect()
    assert sum(one["again"] for one in before["done"]) == 0
    calls_ = drawn.index[drawn["action"] == "call"]
    withheld = drawn.index[drawn["withheld"]]
    shop.draw_again(drawn.loc[calls_[:7]], on=date(2025, 2, 1))
    shop.draw_again(drawn.loc[calls_[5:10]], on=date(2025, 3, 31), spec="other")
    shop.draw_again(drawn.loc[calls_[10:20]], on=date(2025, 4, 1), spec="other")
    other = Shop(shop.root, name="other")
    left_alone = drawn.loc[withheld[:3]].assign(proposed="none", withheld=False)
    shop.draw_again(left_alone, on=date(2025, 1, 31), spec="other")
    told = left_alone["customer_id"].tolist()
    other.record([{"customer": name, "action": "call", "when": "2025-02-03"} for name in told[:2]])
    other.record([{"customer": told[2], "action": "call", "when": "2025-02-03", "outcome": "not_done"}])
    found = shop.effect(at=date(2025, 4, 30))
    again = {(one["round"], one["action"]): one["again"] for one in found["done"]}
    assert again["2025-01-01", "call"] == 10
    assert again["2025-01-01", "none"] == 2
    assert again["2025-01-01", "coupon"] == 0
    # The later round of this spec has the contacts of March of two, and none of those before it.
    assert again["2025-02-01", "call"] == 2
    assert line(found, "call", "round", "2025-01-01") == line(before, "call", "round", "2025-01-01")
    page = effect_page.render(found)
    assert "12 of those assigned were contacted again" in page
    assert "2 of those withheld were" in page
    assert "被分配的客户中有 12 人" in page


def test_the_page_says_the_same_in_two_languages_and_needs_nothing_else(shop: Shop) -> None:
    planted(shop)
    found = shop.effect()
    page = effect_page.render(found)
    assert page == effect_page.render(found)
    words = ("call: helps.", "call：有效。", "coupon: cannot tell.", "coupon：尚无法判断。")
    for told in (*words, found["family"]["says"]):
        assert told in unescape(page)
    assert page.count('<svg class="chart"') == 2
    # What holds for one look only is said to, wherever it stands.
    assert page.count("for one look") == page.count("仅在查看一次时成立") == 2
    assert "nan" not in page.lower().replace("finance", "")
    assert "http" not in page.replace('http-equiv="Content-Security-Policy"', "")


def test_a_spec_without_rounds_says_so(shop: Shop) -> None:
    found = shop.effect()
    assert (found["rounds"], found["lines"]) == ([], [])
    assert "No round has drawn anybody yet" in effect_page.render(found)
