from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.standardised import standardised_difference


def world(seed: int, *, effect: float, n_customers: int = 400, dates: int = 1) -> tuple[np.ndarray, ...]:
    """Rows of customers seen at some dates, nearly the same each time: what they have and whether they left."""
    rng = np.random.default_rng(seed)
    clusters = np.repeat(np.arange(n_customers), dates)
    left = (rng.random(n_customers) < 0.3).astype(float)[clusters]
    own = rng.normal(size=n_customers)[clusters]
    return effect * left + sqrt(0.9) * own + sqrt(0.1) * rng.normal(size=clusters.size), left, clusters


def test_an_effect_worked_by_hand() -> None:
    left = np.array([1.0, 1, 1, 0, 0, 0])
    found = standardised_difference(np.array([4.0, 5, 6, 1, 2, 3]), left=left, clusters=np.arange(6))
    assert found is not None
    assert found.value == pytest.approx(3.0)  # means 5 and 2, both variances 1
    # Apart by -1, 0, 1 in both groups: influences (-1/3, 0, 1/3) and (1/3, 0, -1/3), less 3 / 12 (1, -1 / 1) ...
    expected = [-1 / 3, 0.25, 1 / 3, 1 / 3, 0.25, -1 / 3]
    assert found.standard_error == pytest.approx(max(sqrt(sum(one**2 for one in expected)), sqrt(2 / 3)))


@given(st.integers(0, 50), st.floats(0.01, 1e4), st.booleans(), st.floats(-1e4, 1e4))
def test_scale_and_shift_change_nothing(seed: int, scale: float, turned: bool, shift: float) -> None:
    values, left, clusters = world(seed, effect=0.4, n_customers=60)
    before = standardised_difference(values, left=left, clusters=clusters)
    sign = -1 if turned else 1
    after = standardised_difference(sign * scale * values + shift, left=left, clusters=clusters)
    assert before is not None
    assert after is not None
    assert after.value == pytest.approx(sign * before.value, rel=1e-6, abs=1e-9)
    assert after.standard_error == pytest.approx(before.standard_error, rel=1e-6)


def test_rows_that_say_the_same_twice_are_no_more_sure() -> None:
    values, left, clusters = world(0, effect=0.4)
    once = standardised_difference(values, left=left, clusters=clusters)
    twice = standardised_difference(np.tile(values, 2), left=np.tile(left, 2), clusters=np.tile(clusters, 2))
    as_if_new = standardised_difference(np.tile(values, 2), left=np.tile(left, 2), clusters=np.arange(2 * values.size))
    assert once is not None
    assert twice is not None
    assert as_if_new is not None
    assert twice.standard_error == pytest.approx(once.standard_error, rel=0.02)
    assert as_if_new.standard_error < 0.75 * twice.standard_error


@pytest.mark.parametrize("dates", [1, 3])
def test_the_interval_covers_the_effect_as_often_as_it_says(dates: int) -> None:
    worlds = (world(seed, effect=0.5, dates=dates) for seed in range(400))
    intervals = [
        found.interval()
        for values, left, clusters in worlds
        if (found := standardised_difference(values, left=left, clusters=clusters))
    ]
    covered = np.mean([one.low <= 0.5 <= one.high for one in intervals])
    assert 0.92 <= covered <= 0.98


def test_a_rare_value_that_no_leaver_happens_to_have_is_no_finding() -> None:
    left, has = np.repeat([1.0, 0.0], [50, 950]), np.repeat([0.0, 1.0], [950, 50])
    found = standardised_difference(has, left=left, clusters=np.arange(1000))
    assert found is not None
    assert found.p > 0.05  # 50 of 1,000 left: none of 50 has a chance of 8 %


@pytest.mark.parametrize("values", [np.full(8, 0.1), np.repeat([0.1, 0.7], 4)])
def test_what_does_not_vary_within_the_groups_has_no_effect(values: np.ndarray) -> None:
    assert standardised_difference(values, left=np.repeat([1.0, 0.0], 4), clusters=np.arange(8)) is None
