"""What rounds measure holds the truth as often as it says: trials of fair coins in worlds of which all is known."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from features.play import played
from features.play.played import World
from features.world.campaigns import ARMS
from pipelines.jobs.simulation import measured, year

COST = {"call": 8.0, "coupon": 12.0, "upgrade": 5.0}
WORLDS, CUSTOMERS = 24, 2500


def tried(seed: int, months: int = 3) -> tuple[World, pd.DataFrame, World]:
    """A world, the assignments of a fair trial of one proposed action each, and the world after so many months."""
    before, _ = played.begun(seed=seed, customers=CUSTOMERS, months=2, start=date(2024, 1, 1))
    rng, here = np.random.default_rng(seed), before.active
    proposed, withheld = rng.integers(1, len(ARMS), len(here)), rng.random(len(here)) < 0.4
    arms = np.where(withheld, 0, proposed)
    done = year.nothing(before)
    done.arms[here] = arms
    shares = [
        {name: 0.4 if name == "none" else 0.6 * (name == ARMS[one]) for name in ("none", *COST)} for one in proposed
    ]
    draft = pd.DataFrame(
        {
            "customer_id": [f"C{place + 1:07d}" for place in here],
            "proposed": np.array(ARMS)[proposed],
            "action": np.array(["none", *ARMS[1:]])[arms],
            "level": "low",
            "risk": played.outlook(before)[0, here],
            "probabilities": shares,
        }
    )
    world = before
    for month in range(months):
        world, _ = played.played(world, done if month == 0 else year.nothing(world))
    return before, draft, world


def test_intervals_hold_the_truth_at_the_nominal_level() -> None:
    held = []
    for seed in range(1, WORLDS + 1):
        before, draft, after = tried(seed)
        found = measured.measured([(before, draft)], after, currency="eur", cost=COST)
        held += [one["covers"] for one in found.values() if not one["missing"]]
    assert len(held) > 2.5 * WORLDS
    # Of as many at 95 %, fewer would come once in 1,000 times.
    assert sum(held) >= stats.binom.ppf(0.001, len(held), 0.95)


def test_the_truth_is_of_those_who_could_have_got_the_action() -> None:
    before, draft, after = tried(1)
    found = measured.measured([(before, draft)], after, currency="eur", cost=COST)
    chance, here = played.outlook(before), before.active
    for name, one in found.items():
        own = here[(draft["proposed"] == name).to_numpy()]
        assert one["truth"] == pytest.approx((chance[0] - chance[ARMS.index(name)])[own].mean())
        assert one["assigned"] == ((draft["proposed"] == name) & (draft["action"] == name)).sum()
        assert one["withheld"] == ((draft["proposed"] == name) & (draft["action"] == "none")).sum()


def test_a_round_whose_months_are_not_over_is_left_out() -> None:
    before, draft, after = tried(2, months=2)
    assert measured.measured([(before, draft)], after, currency="eur", cost=COST) == {}
