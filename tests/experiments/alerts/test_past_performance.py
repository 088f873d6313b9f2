"""The back-test: figures by hand, a rule that knows something, and many that know nothing."""

import numpy as np
import pytest

from experiments.alerts import past_performance
from experiments.alerts.alert_file import Rule
from experiments.alerts.past_performance import Past
from experiments.logic.truth import FALSE, TRUE

SAYS = {"en": "used less", "zh": "使用减少"}
RULE = Rule(says=SAYS, when={"feature": "use", "below": 1}, owner="desk")


def world(seed: int, *, customers: int = 300, dates: int = 5) -> tuple[Past, np.ndarray]:
    """Customers with a risk of their own, who leave at some date and are gone after it; and that risk."""
    draw = np.random.default_rng(seed)
    risk = draw.beta(1.0, 6.0, customers)
    left, present = np.zeros((dates, customers)), np.ones((dates, customers), dtype=bool)
    for date in range(dates):
        present[date] = present[date - 1] & (left[date - 1] == 0) if date else True
        left[date] = present[date] & (draw.random(customers) < risk)
    days = np.where(left == 1, draw.integers(1, 90, left.shape), np.nan)
    return Past(np.arange(dates) * 90 * 24.0, present, np.where(present, left, np.nan), days), risk


def test_figures_by_hand() -> None:
    left = np.array([[1.0, 0.0, 0.0, 0.0], [np.nan, 1.0, 0.0, np.nan]])
    present = np.array([[True] * 4, [False, True, True, True]])
    ahead = np.where(left == 1, 30.0, np.nan)
    past = Past(np.array([0.0, 90 * 24.0]), present, left, ahead)
    fires = np.array([[True, True, False, False], [False, True, False, True]])
    found = past_performance.figures({"one": fires}, past, seed=0)["one"]
    assert (found["warnings"], found["judged"], found["leavers"]) == (4, 3, 2)
    assert found["left"] == pytest.approx(2 / 3)
    # Two warnings at a date where one of four left, one where one of two did.
    assert found["base"] == pytest.approx((2 * 0.25 + 0.5) / 3)
    assert (found["leavers_warned"], found["days_ahead"]) == (1.0, 30.0)


def test_a_rule_that_knows_the_risk_is_better_and_one_that_fires_for_all_has_no_figure() -> None:
    past, risk = world(1)
    fires = past.present & (risk > 0.2)
    found = past_performance.figures({"risky": fires, "all": past.present}, past, seed=0)
    assert found["risky"]["better"] is True
    assert found["risky"]["gain"]["low"] > 0
    assert found["all"]["gain"] is None
    assert found["all"]["better"] is None


def test_a_rule_that_fires_in_bad_months_only_is_no_better_for_that() -> None:
    draw = np.random.default_rng(0)
    left = np.stack([draw.random(4_000) < 0.05, draw.random(4_000) < 0.4]).astype(float)
    present = np.ones(left.shape, dtype=bool)
    fires = np.stack([np.zeros(4_000, dtype=bool), draw.random(4_000) < 0.3])
    past = Past(np.array([0.0, 1_000.0]), present, left, np.full(left.shape, np.nan))
    found = past_performance.figures({"bad_months": fires}, past, seed=0)["bad_months"]
    assert found["left"] == pytest.approx(0.4, abs=0.05)
    assert found["gain"]["low"] < 0 < found["gain"]["high"]
    assert found["better"] is False


@pytest.mark.slow
def test_rules_that_know_nothing_are_seldom_called_better() -> None:
    """Three rules by chance in 300 worlds: at most 2.5 % of the worlds call any of them better, but for noise."""
    called = 0
    for seed in range(300):
        past, _ = world(seed)
        draw = np.random.default_rng(10_000 + seed)
        fires = {
            name: past.present & (draw.random(past.left.shape) < share)
            for name, share in (("a", 0.05), ("b", 0.1), ("c", 0.3))
        }
        called += any(one["better"] for one in past_performance.figures(fires, past, seed=seed).values())
    error = np.sqrt(0.025 * 0.975 / 300)
    assert called / 300 <= 0.025 + 3 * error


@pytest.mark.slow
@pytest.mark.parametrize(("base", "warned"), [(0.7, 4), (0.7, 8), (0.5, 6), (0.3, 5), (0.1, 10)])
def test_a_handful_of_lucky_warnings_is_not_called_better(base: float, warned: int) -> None:
    """Rules by chance with a few warnings in 150 worlds where many leave."""
    called = 0
    for seed in range(150):
        draw = np.random.default_rng(seed)
        left = (draw.random((3, 200)) < base).astype(float)
        fires = np.zeros(left.shape, dtype=bool)
        fires.flat[draw.choice(left.size, warned, replace=False)] = True
        past = Past(np.arange(3) * 1_000.0, np.ones(left.shape, dtype=bool), left, np.full(left.shape, np.nan))
        called += past_performance.figures({"luck": fires}, past, seed=seed)["luck"]["better"] is True
    assert called / 150 <= 0.025 + 3 * np.sqrt(0.025 * 0.975 / 150)


def test_episodes_make_warnings_of_truths() -> None:
    past, _ = world(2, customers=3, dates=3)
    past = Past(
        past.times, np.array([[True] * 3, [True, True, False], [True, True, False]]), past.left, past.days_to_leaving
    )
    found = np.array([[TRUE, FALSE, TRUE], [TRUE, TRUE, TRUE], [FALSE, TRUE, TRUE]])
    assert past_performance.fired(RULE, found, past).tolist() == [
        [True, False, True],
        [False, True, False],
        [False, False, False],
    ]


def test_the_models_list_has_as_many_contacts_at_each_date_and_the_highest_scores() -> None:
    past, risk = world(3)
    fires = past.present & (np.random.default_rng(3).random(past.left.shape) < 0.1)
    scores = np.where(past.present, risk + np.arange(len(past.times))[:, None], np.nan)
    chosen = past_performance.of_the_model(scores, fires, past)
    assert (chosen.sum(axis=1) == fires.sum(axis=1)).all()
    for place, row in enumerate(chosen):
        assert (past.present[place] | ~row).all()
        assert scores[place][row].min() >= np.nanmax(np.where(row, np.nan, scores[place]))
