"""Other policies: against all that could have been drawn, laws, refusals, and coverage."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from experiments.effects.assigned import NOBODY, Assigned
from experiments.effects.by_assignment import NOT_AS_DRAWN
from experiments.effects.off_policy import FEWEST_EFFECTIVE, OffPolicy, certain, earned, off_policy, predicted
from experiments.metric import Numbers
from features.errors import MetricError
from tests.experiments.effects.round_worlds import World

COSTS = np.array([0.0, 2.0, 5.0])


def judged(rows: Assigned, policy: Numbers, prediction: Numbers | None = None) -> OffPolicy:
    expected = predicted(rows, COSTS) if prediction is None else prediction
    return off_policy(rows, policy, reward=earned(rows), expected=expected)


def everybody(rows: Assigned, action: int) -> Numbers:
    return certain(np.full(rows.action.size, action), 2)


def test_what_was_drawn_earned_what_it_did() -> None:
    rows = World().rows(0)
    found = judged(rows, rows.probability)
    assert found.doubly_robust is not None
    assert found.inverse_propensity is not None
    assert found.gain is not None
    assert found.doubly_robust.value == pytest.approx(earned(rows).mean())
    assert found.inverse_propensity.value == pytest.approx(earned(rows).mean())
    assert (found.gain.low, found.gain.high) == (0, 0)
    assert (found.differing, found.missing) == (0, None)


def test_over_all_draws_the_weighted_sum_is_what_the_policy_would_have_earned() -> None:
    """Of all 3^4 draws of four customers: the mean of weights times rewards, before normalising, is the truth."""
    world = World(customers=4, rounds=1)
    base = world.rows(5)
    rewards = np.random.default_rng(0).random((base.action.size, 3))
    policy = np.random.default_rng(1).dirichlet(np.ones(3), size=base.action.size)
    total = 0.0
    for drawn in product(range(3), repeat=base.action.size):
        place = np.arange(base.action.size), np.array(drawn)
        chance = float(base.probability[place].prod())
        weights = policy[place] / base.probability[place]
        total += chance * float((weights * rewards[place]).mean())
    assert total == pytest.approx(float((policy * rewards).sum(axis=1).mean()))


def test_the_self_normalised_mean_by_hand() -> None:
    rows = World(customers=2_000, rounds=1).rows(0)
    found = judged(rows, everybody(rows, 0))
    weights = (rows.action == 0) / rows.probability[:, 1]
    assert found.inverse_propensity is not None
    assert found.inverse_propensity.value == pytest.approx(weights @ earned(rows) / weights.sum())
    assert found.effective == pytest.approx(weights.sum() ** 2 / (weights @ weights))
    assert found.effective > FEWEST_EFFECTIVE


def test_doubly_robust_is_right_where_the_prediction_is_and_where_it_is_nonsense() -> None:
    world = World(customers=60_000, rounds=1, call=-0.6)
    big = world.columns(3)
    rows, action = world.rows(3), everybody(world.rows(3), 0)
    truth = float((big["value"] * (1 - big["left"][:, 1]) - 2.0).mean())
    exact = big["value"][:, None] * (1 - big["left"]) - COSTS
    for prediction in (exact, np.full(exact.shape, -1e3), None):
        found = judged(rows, action, prediction).doubly_robust
        assert found is not None
        assert abs(found.value - truth) < 4 * found.standard_error
    sharp, plain = (judged(rows, action, one) for one in (exact, np.zeros(exact.shape)))
    assert sharp.doubly_robust is not None
    assert plain.doubly_robust is not None
    assert plain.inverse_propensity is not None
    assert sharp.doubly_robust.standard_error < plain.doubly_robust.standard_error
    assert plain.doubly_robust == plain.inverse_propensity


def test_a_constant_added_to_every_prediction_changes_nothing() -> None:
    rows = World().rows(1)
    policy = everybody(rows, 1)
    here, there = judged(rows, policy), judged(rows, policy, predicted(rows, COSTS) + 77)
    assert here.doubly_robust is not None
    assert there.doubly_robust is not None
    assert there.doubly_robust.value == pytest.approx(here.doubly_robust.value)
    assert there.doubly_robust.standard_error == pytest.approx(here.doubly_robust.standard_error)


def test_a_policy_that_asks_for_what_was_never_drawn_is_refused() -> None:
    rows = World(shares=((0.5, 0.5, 0.0),) * 3).rows(0)
    found = judged(rows, everybody(rows, 1))
    assert found.doubly_robust is None
    assert f"coupon in {rows.action.size} of" in str(found.missing)


def test_assignments_that_do_not_follow_their_probabilities_are_refused() -> None:
    rows = World().rows(0)
    moved = (rows.action == NOBODY) & (rows.risk > np.quantile(rows.risk, 0.9))
    other = replace(rows, action=np.where(moved, 0, rows.action))
    assert judged(other, everybody(other, 0)).missing == NOT_AS_DRAWN


def test_too_little_overlap_is_refused() -> None:
    rows = World(customers=600, rounds=1, shares=((0.1, 0.85, 0.05),) * 3).rows(0)
    found = judged(rows, everybody(rows, 1))
    assert found.effective < FEWEST_EFFECTIVE
    assert "too little overlap" in str(found.missing)
    assert found.gain is None


def test_rows_about_which_nothing_was_drawn_do_not_hide_too_little_overlap() -> None:
    """A thousand customers who could get nothing else agree with any policy: they tell nothing of it."""
    rows = World(customers=1_500, rounds=1).rows(0)
    contested = np.arange(rows.action.size) < 60
    fixed = replace(
        rows,
        action=np.where(contested, rows.action, NOBODY),
        probability=np.where(contested[:, None], rows.probability, [1.0, 0.0, 0.0]),
    )
    found = judged(fixed, certain(np.where(contested, 0, NOBODY), 2))
    assert found.differing == 60
    assert found.missing is not None


def test_rows_without_a_logged_probability_and_pending_ones_do_not_judge() -> None:
    rows = World().rows(0)
    policy = everybody(rows, 0)
    out = np.arange(rows.action.size) % 4 == 0
    lost = replace(rows, probability=np.where(out[:, None], np.nan, rows.probability))
    waiting = replace(rows, mature=~out, churned=np.where(out, np.nan, rows.churned))
    rest = rows.where(~out)
    expected = judged(rest, policy[~out])
    for other in (lost, waiting):
        found = judged(other, policy)
        assert (found.doubly_robust, found.gain, found.rows) == (expected.doubly_robust, expected.gain, expected.rows)
    assert judged(lost, policy).unlogged == int(out.sum())
    nothing = judged(replace(rows, probability=np.full(rows.probability.shape, np.nan)), policy)
    assert "no mature row has logged probabilities" in str(nothing.missing)


def test_a_customer_who_comes_every_month_is_one() -> None:
    rows = World(customers=120, rounds=12).rows(0)
    assert judged(rows, everybody(rows, 0)).effective < 120


@pytest.mark.parametrize(
    ("policy", "sentence"),
    [(np.ones((5, 3)) / 3, "must have shape"), (None, "no distribution"), (np.nan, "no distribution")],
)
def test_what_is_no_policy_is_refused(policy: object, sentence: str) -> None:
    rows = World(customers=50, rounds=1).rows(0)
    if policy is None:
        policy = np.ones(rows.probability.shape)
    if isinstance(policy, float):
        policy = np.full(rows.probability.shape, policy)
    with pytest.raises(MetricError, match=sentence):
        judged(rows, policy)  # type: ignore[arg-type]


def test_a_missing_reward_of_a_mature_row_is_refused() -> None:
    rows = World(customers=50, rounds=1).rows(0)
    reward = earned(rows)
    reward[3] = np.nan
    with pytest.raises(MetricError, match="missing or infinite"):
        off_policy(rows, rows.probability, reward=reward, expected=predicted(rows, COSTS))


@pytest.mark.slow
def test_the_interval_holds_what_the_policy_would_have_earned() -> None:
    """A call for those of high risk, a coupon for the middle, in 300 worlds of customers who come again."""
    world = World(customers=1_000, rounds=3, values=0.3, alike=0.9)
    big = replace(world, customers=600_000, rounds=1).columns(999)
    choice = np.array([NOBODY, 1, 0])
    at = np.arange(big["stratum"].size), choice[big["stratum"]] + 1
    truth = float((big["value"] * (1 - big["left"][at]) - COSTS[at[1]]).mean())
    was = float(((big["value"][:, None] * (1 - big["left"]) - COSTS) * big["shares"]).sum(axis=1).mean())
    held = []
    for seed in range(300):
        found = judged(world.rows(seed), certain(choice[world.columns(seed)["stratum"]], 2))
        if found.doubly_robust is None or found.inverse_propensity is None or found.gain is None:
            assert found.missing == NOT_AS_DRAWN  # one in a thousand draws looks as if it were another
            continue
        pairs = ((found.doubly_robust, truth), (found.inverse_propensity, truth), (found.gain, truth - was))
        held.append([one.low <= true <= one.high for one, true in pairs])
    assert len(held) >= 297
    assert np.abs(np.mean(held, axis=0) - 0.95).max() < 3.5 * np.sqrt(0.05 * 0.95 / 300)
