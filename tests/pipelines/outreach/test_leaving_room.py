"""What exploring may take is left free of the proposals, and more than there is, is refused by name."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from experiments.money.limits import UNLIMITED, Limits
from features.errors import SpecError
from pipelines.outreach import round_draw

COST = np.array([8.0, 12.0, 5.0])


def leaving_room(explore: float, within: Limits) -> Limits:
    actions = ("call", "coupon", "upgrade")
    spec: Any = SimpleNamespace(name="demo", currency="eur", actions=actions, round=SimpleNamespace(explore=explore))
    return round_draw._leaving_room(within, spec, COST, np.ones((1_000, 3), dtype=bool))


@pytest.mark.parametrize("money", [1_000.0, 5_000.0, UNLIMITED])
def test_exploring_leaves_the_proposals_what_it_cannot_take(money: float) -> None:
    assert leaving_room(0.0, Limits(200, (0.0, 1.0, UNLIMITED), money)) == Limits(200, (0.0, 1.0, UNLIMITED), money)
    # At most 20 of 200 are explored: 7 of each action, and one for the remainder of turns.
    free = leaving_room(0.1, Limits(200, (30.0, UNLIMITED, 60.0), money))
    assert free == Limits(200, (22.0, UNLIMITED, 52.0), money - 8 * COST.sum())


@pytest.mark.parametrize("money", [0.0, 1.0, 20.0, 50.0])
def test_money_that_exploring_alone_may_take_is_refused(money: float) -> None:
    """Else a round is drawn for good in which nobody is proposed anything."""
    with pytest.raises(SpecError, match=r"spec 'demo': round: explore 0.5 may take .* eur of a budget of"):
        leaving_room(0.5, Limits(200, (UNLIMITED,) * 3, money))


def test_an_action_whose_capacity_exploring_exceeds_is_named() -> None:
    with pytest.raises(SpecError, match=r"round: coupon: explore 0.5 may take 35 contacts of an action whose capacity"):
        leaving_room(0.5, Limits(200, (UNLIMITED, 3.0, UNLIMITED)))
