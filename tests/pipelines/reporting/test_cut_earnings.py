"""What each level earns, as the page says it."""

import json
import re
from typing import Any

import pytest

from pipelines.reporting import cut_earnings, report
from tests.pipelines.reporting.report_world import Page, judged

FOUND = json.dumps(judged(with_actions=False))


def text(found: dict[str, Any]) -> str:
    page = Page(report.render(found))
    assert page.open == []
    return " ".join(page.text.replace("\u00a0", " ").split())


def test_the_page_says_whom_each_level_reaches_and_what_it_earns() -> None:
    found = json.loads(FOUND)
    told = cut_earnings.levels(found)
    assert told is not None
    assert [line.name for line in told.lines] == [
        "everybody",
        "medium and high risk",
        "high risk",
        "from the best cut of training on",
    ]
    assert [line.cut for line in told.lines] == ["0 %", "10 %", "25 %", "30.4 %"]
    assert told.lines[0].contacted == "1,200"
    page = text(found)
    assert "The cuts are the defaults, as the spec says none." in page
    assert "would be medium from 15.3 %, high from 30.4 %" in page
    assert "best cut of training: 30.4 %" in page


@pytest.mark.parametrize(
    ("origin", "says"),
    [("spec", "The cuts are as the spec says."), ("highest expected profit", "of the highest expected profit")],
)
def test_it_says_where_the_cuts_are_from(origin: str, says: str) -> None:
    found = json.loads(FOUND)
    found["levels"]["in_use"]["origin"] = origin
    assert says in text(found)


def test_segments_and_their_cuts_are_named_and_escaped() -> None:
    found = json.loads(FOUND)
    found["levels"]["in_use"] |= {"by": "plan", "of": {"plus": [0.2, 0.4], "<b>": [0.1, 0.2]}}
    for one in found["levels"]["earned"][1:3]:
        one["cut"] = None
    assert "and by plan: <b> medium from 10 %, high from 20 %; plus medium from 20 %, high from 40 %." in text(found)
    assert "<b> medium" not in report.render(found)
    assert text(found).count("by segment") == 2


def test_a_report_of_before_has_no_such_section() -> None:
    found = json.loads(FOUND)
    del found["levels"]
    assert "What each risk level earns" not in text(found)
    assert "What each risk level earns" in text(json.loads(FOUND))


@pytest.mark.parametrize("highest", [0.0, 0.02, 1.0])
def test_the_curve_is_drawn_whatever_the_probabilities(highest: float) -> None:
    found = json.loads(FOUND)
    found["levels"]["curve"] = [{"cut": k * highest / 50, "profit": 0.0 if not highest else 1 - k} for k in range(51)]
    told = cut_earnings.levels(found)
    assert told is not None
    assert not re.search("nan|inf", told.chart.svg)
