"""Looks month after month: the formula against others, laws, and how often the sequence ever excludes the truth."""

from dataclasses import replace
from math import log, sqrt

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize_scalar

from experiments.effects.assigned import NOBODY, Assigned
from experiments.effects.by_assignment import effect
from experiments.effects.contrast import Contrast
from experiments.effects.cumulated import (
    LEAST,
    NARROWEST_AT,
    at_any_time,
    information,
    interval_of,
    normal_score,
    p_at_any_time,
)
from experiments.effects.family import Line
from tests.experiments.effects.round_worlds import DATES, World, looks


def normal(value: float, error: float) -> Contrast:
    return Contrast(value, np.array([error]), np.inf)


def test_the_width_is_that_of_the_paper() -> None:
    """Their margin of a mean of t observations of variance 1: sqrt(2 (t r + 1) / (t^2 r) log(sqrt(t r + 1) / a))."""
    for t in (10, 100, 5_000):
        rho = LEAST / NARROWEST_AT / 10  # the first look was at ten observations
        theirs = sqrt(2 * (t * rho + 1) / (t**2 * rho) * log(sqrt(t * rho + 1) / 0.05))
        assert normal_score(t / 10, alpha=0.05) / sqrt(t) == pytest.approx(theirs)


def test_it_is_narrowest_where_it_says() -> None:
    least = minimize_scalar(lambda many: normal_score(many, alpha=0.05), bounds=(1, 50), method="bounded")
    assert least.x == pytest.approx(NARROWEST_AT, rel=1e-3)


def test_it_is_wider_than_one_look_and_never_by_much_within_three_years() -> None:
    scores = [normal_score(many, alpha=0.05) for many in range(1, 37)]
    assert min(scores) > 1.96
    assert max(scores) < 1.8 * 1.96


@pytest.mark.parametrize("degrees", [9.0, np.inf])
def test_the_p_value_is_the_alpha_at_which_the_interval_ends_at_zero(degrees: float) -> None:
    found = Contrast(0.05, np.array([0.01]), degrees)
    p = p_at_any_time(found, 4.0)
    assert at_any_time(found, 4.0, level=1 - p).low == pytest.approx(0, abs=1e-6)
    assert p_at_any_time(normal(0.0, 1.0), 4.0) == 1.0
    assert p_at_any_time(normal(1.0, 0.0), 4.0) == 0.0


def test_ever_below_alpha_with_probability_alpha() -> None:
    """A random walk of 36 equal looks, 20,000 times."""
    rng = np.random.default_rng(0)
    steps = np.arange(1, 37)
    walks = np.cumsum(rng.normal(size=(20_000, 36)), axis=1) / np.sqrt(steps)
    bounds = np.array([normal_score(float(many), alpha=0.05) for many in steps])
    ever = float((np.abs(walks) > bounds).any(axis=1).mean())
    naive = float((np.abs(walks) > 1.96).any(axis=1).mean())
    assert ever < 0.05
    assert naive > 0.25


def test_information_is_the_ratio_of_squared_errors_to_those_of_the_first_round() -> None:
    rows = World(rounds=4).rows(0)
    numbers = rows.labels["round"].to_numpy()
    errors = []
    for look in looks(rows, "call"):
        alone = effect(rows.where(numbers < len(errors) + 1), "call").adjusted
        assert alone is not None
        errors.append(alone.standard_error)
        assert look.information == pytest.approx((errors[0] / errors[-1]) ** 2)
    assert len(errors) == 4
    assert errors == sorted(errors, reverse=True)


def test_a_part_of_the_rows_has_the_information_of_these_rows_alone() -> None:
    rows = World(rounds=3).rows(0)
    some = rows.probability[:, 0] < 0.4
    assert information(rows, "call", effect(rows, "call", among=some), among=some) == information(
        rows.where(some), "call", effect(rows.where(some), "call")
    )


def test_a_pending_round_tells_nothing() -> None:
    rows = World(rounds=4).rows(0)
    last = rows.labels["round"].to_numpy() == 3
    waiting = replace(rows, mature=~last, churned=np.where(last, np.nan, rows.churned))
    known = rows.where(~last)
    assert information(waiting, "call", effect(waiting, "call")) == information(known, "call", effect(known, "call"))


def test_before_anything_is_mature_there_is_no_look() -> None:
    rows = World(rounds=2).rows(0)
    waiting = replace(rows, mature=np.zeros(rows.mature.size, dtype=bool))
    assert information(waiting, "call", effect(waiting, "call")) is None


def test_a_round_too_small_to_tell_anything_is_no_first_look() -> None:
    rows = World(customers=150, rounds=12, rate=0.05).rows(1)
    shown = [look.information for look in looks(rows, "call")]
    assert shown[0] is None
    assert next(one for one in shown if one is not None) == pytest.approx(1.0)


def test_without_information_it_is_the_interval_of_one_look() -> None:
    found = normal(0.1, 0.02)
    assert interval_of(found, None) == found.interval()
    assert interval_of(found, 1.0) == at_any_time(found, 1.0)


@pytest.mark.slow
@pytest.mark.parametrize(
    "world",
    [
        World(customers=400, rounds=12, rate=0.1, call=0.0),
        World(customers=400, rounds=12, rate=0.1, call=-0.5, alike=0.9, interaction=-0.4),
    ],
    ids=["no effect", "the same customers every month"],
)
def test_in_a_year_of_monthly_looks_the_sequence_seldom_excludes_the_effect(world: World) -> None:
    """100 worlds: at most 5 % are ever outside, and three Monte-Carlo errors; intervals for one look oftener."""
    truth, out, naive = world.truth(), [], []
    for seed in range(100):
        found = [look for look in looks(world.rows(seed), "call") if look.effect.adjusted is not None]
        shown = [look.interval for look in found]
        plain = [look.effect.adjusted.interval() for look in found if look.effect.adjusted]
        out.append(any(one is not None and not one.low <= truth <= one.high for one in shown))
        naive.append(any(not one.low <= truth <= one.high for one in plain))
    assert np.mean(out) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 100)
    assert np.mean(naive) > np.mean(out)


def standing(seed: int, *, customers: int = 1_500, months: int = 12) -> Assigned:
    """Rounds as they are drawn: windows of three months overlap, who is withheld stays so until the window closes.

    Whoever left is on no later list, and a call changes nothing.
    """
    rng = np.random.default_rng(seed)
    hazard = 0.02 * np.exp(rng.normal(size=customers))
    leaves = rng.geometric(np.minimum(hazard, 0.9)) - 1
    free, parts = np.zeros(customers, dtype=int), []
    for month in range(months):
        here = np.flatnonzero((leaves >= month) & (rng.random(customers) < 0.7))
        certain = free[here] > month
        withheld = certain | (rng.random(here.size) < 0.2)
        free[here[withheld & ~certain]] = month + 3
        parts.append((np.full(here.size, month), here, withheld, certain))
    month, who, withheld, certain = (np.concatenate(one) for one in zip(*parts, strict=True))
    none = np.where(certain, 1.0, 0.2)
    base = World(customers=1, rounds=1).rows(0)
    return replace(
        base,
        actions=("call",),
        n_customers=customers,
        labels=pd.DataFrame({"round": month, "as_of": DATES[month]}),
        customers=who,
        action=np.where(withheld, NOBODY, 0),
        probability=np.column_stack([none, 1 - none]),
        risk=1 - (1 - np.minimum(hazard[who], 0.9)) ** 3,
        churned=(leaves[who] < month + 3).astype(float),
        mature=np.ones(who.size, dtype=bool),
        **{name: np.zeros(who.size) for name in ("reached", "value", "cost")},
    )


@pytest.mark.slow
def test_as_rounds_are_drawn_a_useless_action_is_seldom_ever_claimed_to_help_or_harm() -> None:
    """100 worlds, a year: overlapping windows, and a control that is kept withheld."""

    def least_p(rows: Assigned) -> float:
        lines = [Line("", look.effect.adjusted, look.information) for look in looks(rows, "call")]
        return min(one.p for one in lines)

    claimed = [least_p(standing(seed)) < 0.05 for seed in range(100)]
    assert np.mean(claimed) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 100)
