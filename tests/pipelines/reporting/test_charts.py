import re
import warnings
from itertools import pairwise
from typing import Any

import matplotlib as mpl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from pipelines.reporting import charts
from pipelines.reporting.charts import (
    BOTTOM,
    COLOURS,
    LEFT,
    RIGHT,
    TOP,
    band,
    diamond,
    dot,
    drawn,
    in_percent,
    said,
    shares,
    spread,
    taking_in,
)

VALUES = st.floats(-1e3, 1e3, allow_nan=False).map(lambda value: round(value, 4))
SCRIPT = "<script>alert(1)</script>"


def _paint(axes: Any) -> None:
    shares(axes)
    axes.plot([0, 0.123456, 1], [0, 0.5, 1], color=COLOURS["accent"])
    band(axes, [{"at": 0.1, "low": 0.2, "high": 0.3}, {"at": 0.9, "low": 0.4, "high": 0.6}], over="at")
    dot(axes, 0.25, 0.5)
    diamond(axes, 0.75, 0.5)
    said(axes, f"5 $ and 6 $ {SCRIPT} 客户", (0.5, 0.5))


def _drawn() -> str:
    return drawn(_paint, x="across, %", y="up, %")


@settings(deadline=None, max_examples=40)  # each makes a figure
@given(st.lists(VALUES, min_size=2, max_size=9))
def test_an_upright_axis_takes_in_all_its_values_and_has_a_few_round_numbers(values: list[float]) -> None:
    assume(max(values) - min(values) > 1e-3)
    axes = Figure().add_subplot()
    low, high = taking_in(axes, values)
    assert low <= min(values)
    assert max(values) <= high
    assert (low, high) == pytest.approx(axes.get_ylim())
    assert 2 <= len(axes.get_yticks()) <= 9


def test_an_axis_of_one_value_has_a_height() -> None:
    low, high = taking_in(Figure().add_subplot(), [0.0, 0.0])
    assert low <= 0.0 < high


def test_numbers_of_an_axis_are_in_per_cent_with_a_minus_of_print() -> None:
    axes = Figure().add_subplot()
    in_percent(axes.yaxis)
    assert [axes.yaxis.get_major_formatter()(value, None) for value in (-0.05, 0.0, 0.3)] == ["\u22125", "0", "30"]


def test_a_line_goes_from_corner_to_corner_of_its_box() -> None:
    paths = re.findall(r'<path d="([^"]*)"', _drawn())
    assert f"M {LEFT} {BOTTOM} L 98.9 166 L {RIGHT} {TOP} " in paths


def test_equal_charts_give_equal_bytes_whatever_matplotlib_is_set_to() -> None:
    first = _drawn()
    with mpl.rc_context({"font.size": 20, "svg.fonttype": "path", "svg.hashsalt": "other", "lines.linewidth": 9}):
        assert _drawn() == first


def test_text_is_text_colours_are_the_style_sheets_and_nothing_is_asked_of_elsewhere() -> None:
    svg = _drawn()
    assert {"across, %", "up, %", "0", "100"} <= set(re.findall(r"<text[^>]*>([^<]*)</text>", svg))
    assert "5 $ and 6 $ &lt;script&gt;" in svg
    assert set(re.findall(r"<(\w+)", svg)) == {"path", "text"}
    assert not re.search(r"#[0-9a-f]{6}|https?:|url\(|xlink| id=|font-family|font-size", svg)
    assert set(re.findall(r"var\(--(\w+)\)", svg)) <= set(COLOURS)


def test_letters_that_the_measuring_font_lacks_are_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "客户" in _drawn()


@given(st.lists(st.floats(TOP, BOTTOM), min_size=1, max_size=30).map(sorted), st.floats(1, 30))
def test_places_are_spread_as_asked_or_as_the_paper_allows_and_never_moved_for_nothing(
    wanted: list[float], apart: float
) -> None:
    placed = spread(wanted, apart=apart, low=TOP, high=BOTTOM)
    least = min(apart, (BOTTOM - TOP) / max(1, len(wanted) - 1))
    gaps = [b - a for a, b in pairwise(placed)]
    assert all(gap >= least - 0.2 for gap in gaps)
    assert all(TOP - 0.1 <= place <= BOTTOM + 0.1 for place in placed)
    if all(b - a >= apart for a, b in pairwise(wanted)):
        assert placed == pytest.approx(wanted, abs=0.1)


def test_words_wider_than_the_paper_are_cut_and_others_are_left() -> None:
    long, short = (
        "% flagged of those who " + "did not come back " * 5,
        "% of customers contacted, highest predicted effect first",
    )
    svg = charts.drawn(charts.shares, x=short, y=long)
    assert f">{short}<" in svg
    (cut,) = [words for words in re.findall(r">([^<]+)</text>", svg) if words.endswith("\u2026")]
    assert long.startswith(cut.removesuffix("\u2026"))
    assert len(cut) <= charts.LONGEST
