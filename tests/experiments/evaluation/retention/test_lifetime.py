"""Lifetime value: against simulated lives, at its limits, and with risks that even out."""

import numpy as np
import pytest

from experiments.evaluation.retention.lifetime import DAYS_A_YEAR, evened_out, hazard, lifetime_value, survival


def test_a_hazard_gives_back_the_risk() -> None:
    risk = np.array([0.0, 0.02, 0.5, 0.99])
    assert 1 - np.exp(-hazard(risk, days=60) * 60 / DAYS_A_YEAR) == pytest.approx(risk)
    assert np.isfinite(hazard(np.array([1.0]), days=60)).all()


def test_by_hand_and_at_the_limits() -> None:
    ones = np.ones(3)
    # Nobody leaves and money keeps its worth: the margin of all years.
    assert lifetime_value(100 * ones, 0 * ones, discount=0.0, years=5) == pytest.approx(500)
    # Without an end of the count: margin / (hazard + log(1 + discount)).
    found = lifetime_value(100 * ones, ones, discount=np.e - 1, years=1_000)
    assert found == pytest.approx(50)
    assert lifetime_value(-ones, ones, discount=0.1, years=5)[0] < 0


def test_it_is_the_mean_of_simulated_lives() -> None:
    """200,000 lives at a hazard of 0.5: a standard error below 0.3 % of the value."""
    rng = np.random.default_rng(0)
    lives = np.minimum(rng.exponential(2.0, 200_000), 5.0)
    rate = np.log1p(0.1)
    paid = 100 * (1 - np.exp(-rate * lives)) / rate
    found = lifetime_value(np.array([100.0]), np.array([0.5]), discount=0.1, years=5)[0]
    assert found == pytest.approx(paid.mean(), abs=4 * paid.std() / np.sqrt(paid.size))


def test_risks_that_even_out_at_once_or_never() -> None:
    margin, own = np.array([100.0, 50.0]), np.array([0.2, 2.0])
    said = {"discount": 0.1, "years": 5.0}
    plain = lifetime_value(margin, own, **said)
    assert evened_out(margin, own, common=0.7, after=9.0, **said) == pytest.approx(plain)
    at_once = lifetime_value(margin, np.full(2, 0.7), **said)
    assert evened_out(margin, own, common=0.7, after=0.0, **said) == pytest.approx(at_once)
    between = evened_out(margin, own, common=0.7, after=1.0, **said)
    assert at_once[0] < between[0] < plain[0]
    assert plain[1] < between[1] < at_once[1]


def test_the_value_is_the_margin_of_those_who_are_still_there() -> None:
    own, years = np.array([0.3, 1.5]), np.linspace(0, 5, 50_001)
    there = np.array([survival(own, common=0.7, after=0.16, years=float(one)) for one in years[::50]])
    paid = there * np.exp(-np.log1p(0.1) * years[::50])[:, None]
    found = evened_out(np.array([100.0, 100.0]), own, common=0.7, after=0.16, discount=0.1, years=5.0)
    assert found == pytest.approx(100 * np.trapezoid(paid, years[::50], axis=0), rel=1e-4)
