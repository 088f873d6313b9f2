import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.messages.numbers import (
    PERCENT,
    PLAIN,
    POINTS,
    Unit,
    aligned,
    alone,
    count,
    days,
    digits_that_tell,
    money,
    share,
    titled,
    unit_of,
    written,
)

NUMBERS = st.floats(-1e4, 1e4, allow_nan=False).map(lambda value: round(value, 6))
ERRORS = st.floats(1e-4, 1e3)


def _figure(value: float, error: float) -> dict[str, float]:
    return {"value": value, "low": value - 2 * error, "high": value + 2 * error, "standard_error": error}


def _read(text: str) -> float:
    return float(text.replace(",", "").replace("\u2212", "-"))


@given(NUMBERS, ERRORS)
def test_rounding_moves_a_figure_by_less_than_its_standard_error(value: float, error: float) -> None:
    assert abs(_read(written(_figure(value, error), PLAIN).number) - value) <= error


@given(NUMBERS, ERRORS)
def test_a_bound_reads_as_below_0_only_if_it_is(value: float, error: float) -> None:
    figure = _figure(value, error)
    low, high = (_read(text) for text in written(figure, PLAIN).range.split(" to "))
    assert low <= 0 or figure["low"] > 0
    assert high >= 0 or figure["high"] < 0


@pytest.mark.parametrize(
    ("value", "error", "unit", "number", "ends"),
    [
        (0.84124, 0.01125, PLAIN, "0.84", "0.82 to 0.86"),
        (0.07648, 0.00607, POINTS, "+7.6", "6.4 to 8.9"),
        (-0.0281, 0.005, money("usd", signed=True), "\u22120.028", "\u22120.038 to \u22120.018"),
        (0.1105, 0.0009, PERCENT, "11.1", "10.9 to 11.2"),
        (0.0121, 0.006, PLAIN, "0.0121", "0.0001 to 0.0241"),
        (0.02000001, 0.01, PLAIN, "0.02", "0.00 to 0.04"),
        (1234567.0, 2000.0, PLAIN, "1,234,567", "1,230,567 to 1,238,567"),
        (0.0, 0.0, PLAIN, "0", "0 to 0"),
        (-0.004, 0.3, Unit(signed=True), "0.0", "\u22120.6 to 0.6"),
    ],
)
def test_figures_by_hand(value: float, error: float, unit: Unit, number: str, ends: str) -> None:
    shown = written(_figure(value, error), unit)
    assert (shown.number, shown.range, shown.exact) == (number, ends, value)


def test_each_metric_is_written_in_its_unit() -> None:
    def text(name: str, unit: str, better: str) -> str:
        figure = {**_figure(0.25, 0.01), "unit": unit, "better": better}
        return str(written(figure, unit_of(name, figure, "eur"))).replace("\u00a0", " ")

    assert text("auc", "share", "higher") == "0.25"
    assert text("recall", "share", "higher") == "25 %"
    assert text("calibration_error", "share", "lower") == "25 points"
    assert text("qini", "outcomes per customer", "higher") == "+25 points"
    assert text("policy_value", "currency per customer", "higher") == "EUR 0.25"
    assert text("lift", "times", "higher") == "0.25 times"
    assert text("log_loss", "nats", "lower") == "0.25"


def test_shares_of_few_rows_are_rounded_more() -> None:
    assert share(0.26543, 1_409) == "27\u00a0%"
    assert share(0.89377, 6_392) == "89.4\u00a0%"
    assert share(0.0, 10) == "0\u00a0%"


def test_dates_counts_and_names_in_words() -> None:
    assert days(["2026-01-01"]) == "1 January 2026"
    assert days(["2026-01-01", "2026-02-01"]) == "1 January and 1 February 2026"
    assert days(["2025-12-01", "2026-02-01"]) == "1 December 2025 and 1 February 2026"
    assert days(["2026-01-01", "2026-02-01", "2026-03-01"]) == "3 dates from 1 January 2026 to 1 March 2026"
    assert count(64_000) == "64,000"
    assert [titled(name) for name in ("auc", "log_loss")] == ["AUC", "Log loss"]


@given(st.floats(-10, 10), st.floats(-10, 10), st.integers(0, 6))
def test_two_numbers_that_differ_are_written_differently_and_with_no_digit_more(
    one: float, other: float, at_least: int
) -> None:
    digits = digits_that_tell(one, other, at_least=at_least)
    assert digits >= at_least
    if abs(one - other) > 1e-15:
        assert f"{one:.{digits}f}" != f"{other:.{digits}f}"
    if digits > at_least:
        assert f"{one:.{digits - 1}f}" == f"{other:.{digits - 1}f}"


@pytest.mark.parametrize(
    ("one", "other", "digits"),
    [
        (0.00803, 0.00791, 4),
        (0.00803, 0.00798, 5),
        (0.008032, 0.008027, 6),
        (0.5, 0.5, 4),
        (1e-7, 0.0, 7),
        (float("nan"), 0.1, 4),
    ],
)
def test_digits_worked_by_hand(one: float, other: float, digits: int) -> None:
    assert digits_that_tell(one, other) == digits


def test_what_lies_beyond_what_is_demanded_does_not_read_as_equal_to_it() -> None:
    figure = {"value": 0.0504, "low": 0.0412, "high": 0.0596, "standard_error": 0.0046}
    assert written(figure, PERCENT).number == "5.0"
    assert written(figure, PERCENT, against=0.05).number == "5.04"
    assert written({**figure, "low": 1e-6}, PERCENT, clear_of=0.0).range.startswith("0.0001 to")
    assert alone(0.0800, PLAIN, standard_error=0.01, against=0.0803) == "0.0800"


@given(st.lists(st.one_of(st.none(), st.tuples(NUMBERS, ERRORS)), max_size=6))
def test_a_column_has_one_precision_and_none_of_its_figures_is_rounded_more_than_alone(
    figures: list[tuple[float, float] | None],
) -> None:
    alone_ = [None if one is None else written(_figure(*one), PLAIN) for one in figures]
    column = aligned(alone_)
    assert [one is None for one in column] == [one is None for one in figures]
    numbers = [number for one in column if one for number in (one.number, *one.range.split(" to "))]
    assert len({len(number.partition(".")[2]) for number in numbers}) <= 1
    for one, before in zip(column, alone_, strict=True):
        if one and before:
            assert one.exact == before.exact
            assert abs(_read(one.number) - one.exact) <= abs(_read(before.number) - one.exact) + 1e-9
