"""Numbers as they are kept: their digits, and what noise in the last of them may change."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.statistics import rounding

numbers = st.floats(-1e9, 1e9, allow_nan=False)


@given(numbers)
def test_a_figure_is_kept_to_eight_digits_or_ten_decimals_whichever_says_less(value: float) -> None:
    kept = rounding.figure(value)
    assert abs(kept - value) <= max(0.5e-10, 0.51e-7 * abs(value))
    assert len(f"{abs(kept):.14e}".split("e")[0].rstrip("0").replace(".", "")) <= 8


@given(numbers)
def test_what_was_rounded_stays_as_it_is(value: float) -> None:
    for rounded in (rounding.figure, rounding.coefficient, rounding.parameter):
        assert rounded(rounded(value)) == rounded(value)


@given(st.floats(-1e-12, 1e-12))
def test_the_noise_of_a_sum_that_is_0_is_0_and_never_minus_0(noise: float) -> None:
    kept = [rounding.figure(noise), rounding.coefficient(noise), *rounding.coefficients(np.array([noise])).tolist()]
    assert json.dumps(kept) == "[0.0, 0.0, 0.0]"
    assert json.dumps(rounding.probabilities(np.array([noise])).tolist()) == "[0.0]"


def test_plain_data_keep_their_shape_whole_numbers_texts_and_what_is_not_finite() -> None:
    found = rounding.plain({"a": [1 / 3, 2**53 + 1, "x"], "b": {"c": None, "d": True}, "e": (float("inf"),)})
    assert found == {"a": [0.33333333, 2**53 + 1, "x"], "b": {"c": None, "d": True}, "e": [float("inf")]}
    assert isinstance(found["a"][1], int)
    assert found["b"]["d"] is True
    assert np.isnan(rounding.plain(float("nan")))


@pytest.mark.parametrize(("suggested", "kept"), [(0.123456789, 0.123457), (7, 7), ("gbdt", "gbdt"), (1e-3, 1e-3)])
def test_a_suggested_float_has_six_digits(suggested: object, kept: object) -> None:
    assert rounding.parameter(suggested) == kept
