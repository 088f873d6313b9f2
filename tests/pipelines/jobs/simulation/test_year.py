"""A year under a policy: what is kept adds up, and the oracle is worth more than nothing."""

from datetime import date

import numpy as np
import pytest

from experiments.money.limits import limits_of
from experiments.sections.policy import PolicySpec
from features.play import played
from features.play.played import World
from features.world.arrays import NEVER
from features.world.months import DAY
from pipelines.jobs.simulation import plain_policies, year
from pipelines.jobs.simulation.year import Money, MonthKept, Policy, Worth

COST = {"call": 8.0, "coupon": 12.0, "upgrade": 5.0}
HALF_A_YEAR = Worth(6.0, by_price=True)
MONEY = Money(COST, margin_share=0.7, worth=HALF_A_YEAR)
LIMITS = PolicySpec(budget_share=0.2, capacity={"call": 0.03})
ORACLE = plain_policies.Oracle(tuple(COST), np.array(list(COST.values())), LIMITS, HALF_A_YEAR)


@pytest.fixture(scope="module")
def world() -> World:
    return played.begun(seed=3, customers=900, months=6, start=date(2024, 1, 1))[0]


def lived(world: World, policy: Policy, months: int = 6) -> tuple[list[MonthKept], World]:
    return year.lived(world, policy, months=months, every_months=3, money=MONEY)


def test_what_a_month_brings_is_counted_customer_by_customer(world: World) -> None:
    [kept], last = lived(world, plain_policies.Everybody("coupon"), months=1)
    chapter, margin, ahead = last.chapter, 0.0, 0.0
    price = year.prices(last)
    for place in range(chapter.population.size):
        if chapter.ended_before[place] < NEVER:
            continue
        begins = max(chapter.population.joined_at[place], chapter.month.begins)
        until = min(chapter.ended_at[place], chapter.month.ends)
        margin += 0.7 * price[place] * (until - begins) / DAY / chapter.month.days
        ahead += 6.0 * price[place] * (chapter.ended_at[place] == NEVER)
    assert kept.margin == pytest.approx(margin, rel=1e-9)
    assert kept.ahead == pytest.approx(ahead, rel=1e-9)
    assert kept.contacts == {"call": 0, "coupon": len(world.active), "upgrade": 0}
    assert kept.cost == 12.0 * len(world.active)


def test_without_a_column_everybody_who_stays_is_worth_the_same(world: World) -> None:
    money = Money(COST, margin_share=0.7, worth=Worth(50.0, by_price=False))
    [kept], last = year.lived(world, plain_policies.Nothing(), months=1, every_months=3, money=money)
    assert kept.ahead == 50.0 * (last.chapter.ended_at == NEVER).sum()
    oracle = plain_policies.Oracle(tuple(COST), np.array(list(COST.values())), LIMITS, money.worth)
    done, chance, place = oracle.acts(world, []), played.outlook(world), np.arange(len(year.prices(world)))
    arms = np.maximum(done.arms, 0)
    assert (arms > 0).any()
    assert (50.0 * (chance[0] - chance[arms, place]) >= np.array([0, *COST.values()])[arms])[arms > 0].all()


def test_policies_act_at_their_rounds_only_and_the_oracle_within_its_limits(world: World) -> None:
    months, _ = lived(world, ORACLE)
    acted = [sum(one.contacts.values()) for one in months]
    assert acted[0] > 0
    assert acted[3] > 0
    assert acted[1:3] == acted[4:] == [0, 0]
    within = limits_of(LIMITS, actions=tuple(COST), n_rows=len(world.active))
    assert acted[0] <= within.contacts
    assert months[0].contacts["call"] <= within.by_action[0]


def test_the_oracle_keeps_more_than_nothing_and_loses_fewer(world: World) -> None:
    kept = {name: lived(world, one)[0] for name, one in (("none", plain_policies.Nothing()), ("oracle", ORACLE))}
    assert year.kept_until_now(kept["oracle"])[-1] > year.kept_until_now(kept["none"])[-1]
    assert sum(one.left for one in kept["oracle"]) < sum(one.left for one in kept["none"])
    assert sum(one.cost for one in kept["none"]) == 0


def test_the_oracle_chooses_by_the_effects_that_the_world_has(world: World) -> None:
    """Beside it, any other choice of the same size has a smaller sum of true values."""
    done = ORACLE.acts(world, [])
    chance, here = played.outlook(world), world.active
    worth = 6.0 * year.prices(world)
    place = np.arange(len(worth))
    arms = np.maximum(done.arms, 0)
    gain = np.where(arms > 0, worth * (chance[0] - chance[arms, place]) - np.array([0, *COST.values()])[arms], 0.0)
    assert (gain[done.arms > 0] > 0).all()
    rng = np.random.default_rng(0)
    for _ in range(50):
        other = np.zeros(len(worth), dtype=int)
        other[here] = rng.permutation(arms[here])
        moved = np.where(
            other > 0, worth * (chance[0] - chance[other, place]) - np.array([0, *COST.values()])[other], 0
        )
        assert moved.sum() < gain.sum()


def test_the_share_of_the_oracles_lead_by_hand() -> None:
    share = year.share_of_oracle(np.array([5.0, 2.0, 1.0]), np.array([1.0, 4.0, 1.0]), np.array([9.0, 8.0, 1.0]))
    assert share[:2].tolist() == [0.5, -0.5]
    assert np.isnan(share[2])
