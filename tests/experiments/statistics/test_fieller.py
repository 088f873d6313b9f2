"""Fieller's set: against a grid of ratios, in each of its shapes, and how often it holds the true ratio."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.statistics.fieller import Moments, ratio_set

NUMBERS = st.floats(-5, 5).map(lambda number: round(number, 3))
SIZES = st.floats(0.01, 3).map(lambda number: round(number, 3))


@settings(max_examples=300, deadline=None)
@given(NUMBERS, NUMBERS, SIZES, SIZES, st.floats(-0.99, 0.99))
def test_it_is_what_a_test_of_each_ratio_does_not_reject(
    above: float, below: float, one: float, other: float, alike: float
) -> None:
    moments = Moments(above, below, one, other, alike * np.sqrt(one * other))
    found = ratio_set(moments, 1.96)
    for ratio in np.concatenate([np.linspace(-20, 20, 81), [-1e4, 1e4]]):
        error = np.sqrt(one - 2 * ratio * moments.covariance + ratio**2 * other)
        gap = abs(above - ratio * below) - 1.96 * error
        if abs(gap) > 1e-6 * (1 + abs(ratio)):
            assert found.holds(float(ratio)) == (gap < 0)


@pytest.mark.parametrize(
    ("moments", "kind"),
    [
        (Moments(1, 10, 1, 1, 0), "interval"),
        (Moments(10, 1, 1, 1, 0), "outside"),
        (Moments(1, 1, 1, 1, 0), "whole line"),
        (Moments(1, 0, 1, 0, 0), "whole line"),
    ],
)
def test_its_shapes(moments: Moments, kind: str) -> None:
    assert ratio_set(moments, 1.96).kind == kind


def test_it_is_a_bounded_interval_exactly_where_the_denominator_is_not_zero() -> None:
    for below in np.linspace(-4, 4, 41):
        found = ratio_set(Moments(1.0, float(below), 1.0, 1.0, 0.2), 1.96)
        assert (found.kind == "interval") == (abs(below) > 1.96)


def test_a_known_denominator_scales_the_numerator() -> None:
    found = ratio_set(Moments(3.0, -2.0, 1.0, 0.0, 0.0), 1.96)
    assert (found.low, found.value, found.high) == pytest.approx(((3 + 1.96) / -2, -1.5, (3 - 1.96) / -2))
    assert found.plus(-1.0).low == pytest.approx(found.low - 1)


@pytest.mark.parametrize("below", [0.0, 0.5, 2.0])
def test_it_holds_the_truth_as_often_as_it_says_however_small_the_denominator(below: float) -> None:
    rng = np.random.default_rng(1)
    ratio, draws = 0.7, 4_000
    noise = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], size=draws)
    held = [
        ratio_set(Moments(ratio * below + one, below + other, 1, 1, 0.5), 1.959964).holds(ratio) for one, other in noise
    ]
    assert abs(np.mean(held) - 0.95) < 3.5 * np.sqrt(0.05 * 0.95 / draws)
