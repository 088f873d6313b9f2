import json
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from pipelines.reporting import report
from pipelines.reporting.charts import BOTTOM, RIGHT, TOP
from pipelines.reporting.earliness import NAMES_APART, ROOM_FOR_NAMES, Earliness, earliness
from tests.pipelines.reporting.report_world import Page, judged

FOUND = json.dumps(judged(with_actions=True))


def _found(change: Callable[[dict[str, Any]], None] = lambda _: None) -> dict[str, Any]:
    found = json.loads(FOUND)
    change(found["earliness"])
    return found


def _told(change: Callable[[dict[str, Any]], None] = lambda _: None) -> Earliness:
    told = earliness(_found(change))
    assert told is not None
    return told


def _section(found: dict[str, Any]) -> str:
    page = report.render(found)
    text = Page(page[page.index('<section id="earliness">') : page.index('<section id="importance">')]).text
    return " ".join(text.replace("\u00a0", " ").split())


def test_every_figure_is_that_of_the_report_and_none_is_made_up() -> None:
    found = _found()
    early, figures = found["earliness"], Page(report.render(found)).figures
    for points in early["themes"].values():
        for one in points:
            assert one["value"] is None or float(figures[one["value"]]) == pytest.approx(one["value"], abs=0.011)
    assert figures[early["caught"]["value"]] == "23\u00a0%"
    nulls = [one for points in early["themes"].values() for one in points if one["value"] is None]
    assert _section(found).count("too few") == len(nulls) == 6


def test_the_caught_are_told_with_budget_and_days() -> None:
    text = _section(_found())
    assert "With 10 % of the customers contacted, highest risk first, 23 % (19 to 27) of those who left" in text
    assert "at least 90 days ahead" in text
    assert "days ahead" not in _section(_found(lambda early: early["caught"].update(value=None)))


@pytest.mark.parametrize(
    ("certain", "said"),
    [
        (
            (0, 14, 30, 60, 90),
            "Already 90 days before the window that counts the model ranks customers better",
        ),
        ((0, 14), "Already 14 days before"),
        ((0,), "only when the window that counts begins"),
        ((), "At no time before the window that counts"),
    ],
)
def test_how_early_is_the_most_days_at_which_the_interval_is_above_guessing(
    certain: tuple[int, ...], said: str
) -> None:
    def change(early: dict[str, Any]) -> None:
        for one in early["themes"]["all"]:
            one["low"] = 0.51 if one["days"] in certain else 0.5

    assert said in _section(_found(change))


def test_without_dates_it_says_so_and_draws_nothing() -> None:
    found = judged(with_actions=False)
    assert found["earliness"] == {}
    assert "The data have no dates" in _section(found)
    assert earliness(found) is None


def _texts(told: Earliness) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", told.chart.svg)


def _paths(told: Earliness, colour: str) -> list[str]:
    lines = re.findall(r'<path d="([^"]*)" style="([^"]*)"', told.chart.svg)
    return [data for data, style in lines if f"stroke: var(--{colour})" in style and "fill: none" in style]


def test_a_gap_is_no_line_and_a_theme_of_gaps_has_neither_line_nor_name() -> None:
    def change(early: dict[str, Any]) -> None:
        early["themes"] = {"all": early["themes"]["all"], "support": early["themes"]["support"]}
        early["themes"]["support"][2]["value"] = None

    told = _told(change)
    assert [len(re.findall("[ML]", data)) for data in _paths(told, "second")] == [1, 2]  # 60 days alone, then 14 and 0
    assert len(_paths(told, "accent")) == 1
    assert not _paths(told, "warm")
    assert "RFM" not in _texts(_told())


def test_time_runs_towards_the_horizon_on_the_right() -> None:
    told = _told()
    assert _texts(told)[:5] == ["90", "60", "30", "14", "0"] == [str(day) for day in told.days]


def test_three_lines_are_drawn_and_each_is_named() -> None:
    """All features and the two themes that rank best by themselves when the horizon begins."""
    told = _told()
    names = {"All features", "Activity", "Experience"}
    assert names | {"Guessing"} <= set(_texts(told))
    assert not {"Support", "Tone", "Spending", "Tenure"} & set(_texts(told))
    assert [len(_paths(told, colour)) for colour in ("accent", "second", "warm")] == [1, 1, 1]
    assert "activity alone and experience alone" in told.chart.reading
    assert {name for name, _ in told.themes} > names


def test_names_never_overlap_and_stay_on_the_paper() -> None:
    def change(early: dict[str, Any]) -> None:
        early["themes"]["activity"] = early["themes"]["experience"] = early["themes"]["all"]

    for told in (_told(), _told(change)):
        names = ("All features", "Activity", "Experience", "Guessing")
        found = re.findall(r'x="([\d.]+)" y="([\d.]+)">([^<]*)</text>', told.chart.svg)
        places = [(float(x), float(y)) for x, y, name in found if name in names]
        heights = sorted(y for _, y in places)
        assert len(heights) == 4
        assert min(b - a for a, b in pairwise(heights)) >= NAMES_APART - 0.2
        assert all(x > RIGHT - ROOM_FOR_NAMES for x, _ in places)
        assert all(TOP - 10 <= y <= BOTTOM + 10 for y in heights)
