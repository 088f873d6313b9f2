import copy
from typing import Any

import pytest

from pipelines.reporting import alerts_page
from tests.pipelines.reporting.report_world import Page

GAIN = {"value": 0.12, "low": 0.07, "high": 0.17, "standard_error": 0.025}
ONE = {
    "warnings": 200, "judged": 150, "left": 0.22, "base": 0.1, "gain": GAIN, "better": True,
    "leavers": 90, "leavers_warned": 0.3, "days_ahead": 41.6,
}  # fmt: skip
ASKS = {"asks_more": "risk_score at least 3", "survey": "score_after_sales at most 5", "renewal": "level is high"}
DATES = ["2024-04-01", "2024-07-01", "2024-10-01"]


def _found(*, of_the_model: list[str], rules: dict[str, str]) -> dict[str, Any]:
    return {
        "spec": "tiny",
        "title": "Warnings",
        "dates": DATES,
        "customers": 1234,
        "rules": {name: {"says": {"en": name, "zh": "话"}, "when": when} for name, when in rules.items()},
        "figures": {name: copy.deepcopy(ONE) for name in (*rules, "any")},
        "dates_of_the_model": of_the_model,
        "model": {name: {"rule": ONE, "list": {**ONE, "left": 0.31}} for name in rules} if of_the_model else {},
    }


def _text(found: dict[str, Any]) -> str:
    page = Page(alerts_page.render(found))
    assert page.open == []
    return " ".join(page.text.split())


def test_the_page_says_why_a_date_is_not_compared_and_which_rule_needs_the_risk() -> None:
    text = _text(_found(of_the_model=DATES[1:], rules=ASKS))
    assert "Compared on 1 July and 1 October 2024. " in text
    assert "The other date is left out: there the model would look better" in text
    # A feature whose name holds the word score is not the model's risk.
    assert "which need the model's risk, could be tried only on the dates that are compared: renewal." in text
    assert "of the 200 customers it warned of, 22 % left; of the 200 with the highest risk by the model, 31 %" in text


@pytest.mark.parametrize("rules", [ASKS, {"survey": "score_after_sales at most 5"}])
def test_where_all_dates_are_compared_none_is_said_to_be_left_out(rules: dict[str, str]) -> None:
    text = _text(_found(of_the_model=DATES, rules=rules))
    assert "Compared on 3 dates from 1 April 2024 to 1 October 2024." in text
    assert "left out" not in text
    assert "need the model's risk" not in text


def test_without_a_date_of_the_model_there_is_no_comparison() -> None:
    text = _text(_found(of_the_model=[], rules=ASKS))
    assert "no honest comparison" in text
    assert "with the highest risk by the model" not in text
