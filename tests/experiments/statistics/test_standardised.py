from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, ttest_ind

from experiments.statistics.standardised import standardised_difference


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


SHAPES = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "lognormal": lambda rng, shape: np.exp(rng.normal(size=shape)),
    "very skewed": lambda rng, shape: np.exp(1.5 * rng.normal(size=shape)),
    "t3": lambda rng, shape: rng.standard_t(3, size=shape),
    "one in a hundred": lambda rng, shape: (rng.random(shape) < 0.01).astype(float),
}
LEAVING = {
    "for good": lambda rng, n, dates, share: np.repeat(rng.random((n, 1)) < share, dates, axis=1),
    "now and then": lambda rng, n, dates, share: rng.random((n, dates)) < share,
    "some more often": lambda rng, n, dates, share: (
        rng.random((n, dates)) < share * np.exp(rng.normal(size=(n, 1)) - 0.5)
    ),
}


def found_by_chance(shape: str, *, customers: int, dates: int, share: float, leaving: str, worlds: int) -> np.ndarray:
    """The p values in worlds where the factor has nothing to do with leaving; half of it is the customer's for good."""
    rng, found = np.random.default_rng([customers, dates, round(100 * share)]), []
    clusters = np.repeat(np.arange(customers), dates)
    for turn in range(worlds):
        left = LEAVING[leaving](rng, customers, dates, share).astype(float).ravel()
        own = SHAPES[shape](rng, (customers, 1 if turn % 2 else dates))
        values = np.repeat(own, dates // own.shape[1], axis=1).ravel()
        told = min(left.sum(), (1 - left).sum()) >= 20 and standardised_difference(values, left=left, clusters=clusters)
        found.append(told.p if told else 1.0)
    return np.array(found)


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("customers", "worlds"), [(200, 400), (400, 400), (2000, 60)])
def test_what_has_nothing_to_do_with_leaving_is_found_no_more_often_than_promised(
    shape: str, customers: int, worlds: int
) -> None:
    """By kind of leaving, at 5 %, and together at the 5 % of one among eighty; before, up to 40 % of worlds were."""
    every = []
    for dates, share, leaving in [(1, 0.1, "for good"), (1, 0.4, "for good")] + [
        (6, share, leaving) for share in (0.1, 0.4) for leaving in LEAVING
    ]:
        p = found_by_chance(shape, customers=customers, dates=dates, share=share, leaving=leaving, worlds=worlds)
        assert (p <= 0.05).sum() <= binom.ppf(0.9995, worlds, 0.05), (dates, share, leaving)
        every.append(p)
    together = np.concatenate(every)
    assert (together <= 0.05 / 80).sum() <= binom.ppf(0.9995, together.size, 0.05 / 80)


@pytest.mark.parametrize("dates", [1, 6])
def test_on_normal_values_it_finds_what_the_t_test_of_customers_finds(dates: int) -> None:
    """The t test of one mean a customer knows that rows of a customer are nearly the same."""
    ours, theirs = [], []
    for seed in range(300):
        values, left, clusters = world(seed, effect=0.35, n_customers=200, dates=dates)
        found = standardised_difference(values, left=left, clusters=clusters)
        means, who = values.reshape(-1, dates).mean(axis=1), left.reshape(-1, dates)[:, 0]
        ours.append(found is not None and found.p <= 0.05)
        theirs.append(ttest_ind(means[who == 1], means[who == 0]).pvalue <= 0.05)
    assert 0.4 < np.mean(theirs) < 0.8
    assert np.mean(ours) >= np.mean(theirs) - 0.06


def test_a_group_of_one_customer_says_nothing_however_many_its_rows() -> None:
    left, clusters = np.repeat([1.0, 0.0], 30), np.repeat([0, 1, 2, 3], [30, 10, 10, 10])
    values = np.random.default_rng(0).normal(size=60)
    assert standardised_difference(values, left=left, clusters=clusters) is None


def test_degrees_of_freedom_are_those_of_customers_not_rows() -> None:
    """Equal groups of 20: Satterthwaite's formula is n - 2 = 38 then, also with three rows a customer."""
    rng = np.random.default_rng(1)
    left = np.repeat([1.0, 0.0], 20)
    for dates in (1, 3):
        of = np.repeat(left, dates), np.repeat(np.arange(40), dates)
        found = standardised_difference(rng.normal(size=40 * dates), left=of[0], clusters=of[1])
        assert found is not None
        assert found.degrees == pytest.approx(38)
