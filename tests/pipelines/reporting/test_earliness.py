import json
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.reporting import report
from pipelines.reporting.charts import BOTTOM, TOP, Path, Text, spread
from pipelines.reporting.earliness import NAMES_APART, Earliness, earliness
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
        ((0, 14, 30, 60, 90), "Already 90 days before the horizon the model ranks customers better than guessing."),
        ((0, 14), "Already 14 days before"),
        ((0,), "only when the horizon begins"),
        ((), "At no time before the horizon"),
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
    assert "The data hold no dates" in _section(found)
    assert earliness(found) is None


def test_a_gap_is_no_line_and_a_theme_of_gaps_has_neither_line_nor_name() -> None:
    def change(early: dict[str, Any]) -> None:
        early["themes"] = {"all": early["themes"]["all"], "support": early["themes"]["support"]}
        early["themes"]["support"][2]["value"] = None

    marks = _told(change).chart.marks
    thin = [mark.data for mark in marks if isinstance(mark, Path) and mark.style == "thin"]
    assert [len(re.findall("[ML]", data)) for data in thin] == [1, 2]  # 60 days alone, then 14 and 0
    assert "RFM" not in [mark.words for mark in _told().chart.marks if isinstance(mark, Text)]


def test_time_runs_towards_the_horizon_on_the_right() -> None:
    told = _told()
    assert [number for _, number in told.chart.x.ticks] == ["90", "60", "30", "14", "0"] == [str(d) for d in told.days]
    assert told.chart.x.at(90) < told.chart.x.at(0)


def test_names_never_overlap_and_stay_on_the_paper() -> None:
    def change(early: dict[str, Any]) -> None:
        early["themes"] |= {f"theme_{number}": early["themes"]["tone"] for number in range(6)}

    for told in (_told(), _told(change)):
        names = [mark for mark in told.chart.marks if isinstance(mark, Text)]
        heights = sorted(mark.y for mark in names)
        assert len(names) == len({mark.words for mark in names}) >= 8
        assert min(b - a for a, b in pairwise(heights)) >= NAMES_APART - 0.2
        assert all(mark.x > told.chart.x.end for mark in names)


@given(st.lists(st.floats(TOP, BOTTOM), min_size=1, max_size=30).map(sorted), st.floats(1, 30))
def test_places_are_spread_as_asked_or_as_the_paper_allows_and_never_moved_for_nothing(
    wanted: list[float], apart: float
) -> None:
    placed = spread(wanted, apart=apart)
    least = min(apart, (BOTTOM - TOP) / max(1, len(wanted) - 1))
    gaps = [b - a for a, b in pairwise(placed)]
    assert all(gap >= least - 0.2 for gap in gaps)
    assert all(TOP - 0.1 <= place <= BOTTOM + 0.1 for place in placed)
    if all(b - a >= apart for a, b in pairwise(wanted)):
        assert placed == pytest.approx(wanted, abs=0.1)
