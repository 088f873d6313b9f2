import json
import re
from typing import Any

import pytest

from experiments.evaluation import claims
from pipelines.reporting import earnings, report
from tests.pipelines.reporting.report_world import Page, judged

RISK_ONLY, RANDOMISED = json.dumps(judged(with_actions=False)), json.dumps(judged(with_actions=True))


def text(found: dict[str, Any]) -> str:
    page = Page(report.render(found))
    assert page.open == []
    return " ".join(page.text.replace("\u00a0", " ").split())


def test_what_leaving_costs_adds_up_in_its_currency() -> None:
    told = earnings.cost(json.loads(RISK_ONLY))
    assert told is not None
    assert [one.name for one in told.parts] == ["Lost margin", "Lost expansion", "Winning another", "Together"]
    *parts, total = [one.figure.exact for one in told.parts]
    assert sum(parts) == pytest.approx(total)
    assert parts[2] == 40
    assert all(words in text(json.loads(RISK_ONLY)) for words in ("EUR 40", "as the spec says", "10 % of the margin"))


def test_a_spec_that_does_not_say_how_to_count_is_told_so() -> None:
    found = json.loads(RISK_ONLY)
    found["cost_of_churn"], found["spec"]["cost_of_churn"] = {}, None
    assert "does not define the cost of churn" in text(found)
    assert "Expected profit" in text(found)


@pytest.mark.parametrize(
    ("low", "high", "word", "tone"),
    [(0.01, 0.03, "Too many", "bad"), (-0.03, -0.01, "Acceptable", "good"), (-0.01, 0.01, "Not established", "open")],
)
def test_too_many_is_bad_and_acceptable_is_good(low: float, high: float, word: str, tone: str) -> None:
    found = json.loads(RISK_ONLY)
    found["spec"]["label"]["horizon_days"] = 60
    share = {"value": 0.1, "low": 0.09, "high": 0.11, "standard_error": 0.005}
    excess = {"value": (low + high) / 2, "low": low, "high": high, "standard_error": 0.005}
    found["cost_of_churn"] |= {"acceptable": share, "observed": share, "excess": excess}
    told = earnings.cost(found)
    assert told is not None
    assert told.acceptable_churn.verdict is not None
    assert (told.acceptable_churn.verdict.word, told.acceptable_churn.verdict.tone) == (word, tone)
    assert "in the 60 days that count here" in text(found)


@pytest.mark.parametrize(("low", "high", "word"), [(9, 11, "Pays"), (6, 7, "Too dear"), (7, 9, "Not established")])
def test_a_contact_is_judged_by_what_it_costs(low: float, high: float, word: str) -> None:
    found = json.loads(RANDOMISED)
    found["policy"]["break_even"]["call"] = {
        "cost": 8.0, "contacts": 75, "value": (low + high) / 2, "low": low, "high": high, "standard_error": 0.4
    }  # fmt: skip
    found["policy"]["break_even"]["coupon"] = {"cost": 2.5, "contacts": 0}
    found = claims.with_claims(found, randomised=True)
    call, coupon = earnings.break_even(found)
    assert call.at_most is not None
    assert (call.contacts, call.costs, call.at_most.word) == ("75", "EUR\u00a08", word)
    assert coupon.at_most is None
    assert "no customer has a positive predicted value" in text(found)
    found["uplift"]["randomisation"]["verdict"] = "not randomised"
    assert earnings.break_even(found) == ()


def test_the_limits_of_the_advice_are_told() -> None:
    page = text(json.loads(RANDOMISED))
    assert re.search(
        r"at most 20 % may be contacted; call can be given to 60 at most; EUR [\d.]+ of EUR 1.50 is spent", page
    )
    assert re.search(r"call for the \d+ at the highest risk", page)
    assert "the same actions for " in page
    assert "drawn at random" in page


def test_where_no_action_was_tried_nothing_is_said_of_a_contact() -> None:
    assert "What a contact may cost" not in text(json.loads(RISK_ONLY)).replace("and what a contact may cost", "")


@pytest.mark.parametrize(
    ("contacts", "left"), [(300, ", also the 75 % who are not contacted."), (1200, "in the trial.")]
)
def test_what_the_advice_earns_is_an_average_over_all(contacts: int, left: str) -> None:
    found = json.loads(RANDOMISED)
    found["policy"] |= {"contacts_by_action": {"call": contacts, "coupon": 0}, "customers": 1200}
    page = text(found)
    told = page[page.index("After the cost of the contacts") :]
    assert told[: told.index("Advised")].rstrip().endswith(left)
