import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipelines.reporting.charts import BOTTOM, TOP, across, line, reach, step_between, upward

VALUES = st.floats(-1e3, 1e3, allow_nan=False).map(lambda value: round(value, 4))


@given(st.lists(VALUES, min_size=2, max_size=9))
def test_an_axis_takes_in_all_its_values_and_has_a_few_round_numbers(values: list[float]) -> None:
    assume(max(values) > min(values))
    axis = upward("points", values)
    assert all(TOP - 0.1 <= axis.at(value) <= BOTTOM + 0.1 for value in values)
    assert 2 <= len(axis.ticks) <= 9
    assert all(TOP - 0.1 <= place <= BOTTOM + 0.1 for place, _ in axis.ticks)


@pytest.mark.parametrize(("low", "high", "step"), [(0, 1, 0.2), (0.75, 1, 0.05), (-0.02, 0.19, 0.05), (3, 3, 0.5)])
def test_steps_are_round(low: float, high: float, step: float) -> None:
    assert step_between(low, high) == pytest.approx(step)


def test_bounds_lie_at_half_steps_and_never_on_each_other() -> None:
    assert reach([-0.015, 0.19]) == pytest.approx((-0.025, 0.2))
    assert reach([0.0, 0.0]) == pytest.approx((0.0, 0.1))


def test_ticks_are_written_as_percentages_or_as_the_places_asked_for() -> None:
    assert [text for _, text in across("share").ticks] == ["0", "20", "40", "60", "80", "100"]
    assert [text for _, text in across("group", 0.4, 3.6, places=(1.0, 2.0, 3.0)).ticks] == ["1", "2", "3"]
    assert "\u22125" in [text for _, text in upward("points", [-0.05, 0.1]).ticks]


def test_a_line_goes_up_the_paper_where_its_values_do() -> None:
    x, y = across("share"), upward("share")
    assert line(x, y, [(0, 0), (1, 1)], "line").data == f"M50 {BOTTOM}L446 {TOP}"
