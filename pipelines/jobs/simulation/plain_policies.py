"""Policies that need no model: nothing, a coupon for everybody, and the oracle that knows the true effects."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from experiments.metric import Numbers
from experiments.money import policy
from experiments.money.limits import limits_of
from experiments.sections.policy import PolicySpec
from features.play import played
from features.play.played import Done, World
from features.source import Part
from features.world import campaigns
from features.world.arrays import Codes, Positions
from pipelines.jobs.simulation import year
from pipelines.jobs.simulation.year import Worth


@dataclass(frozen=True)
class Nothing:
    """Nobody is contacted."""

    def acts(self, world: World, known: Sequence[Part]) -> Done:
        """No action."""
        del known
        return year.nothing(world)


@dataclass(frozen=True)
class Everybody:
    """Everybody who is there gets one action, whatever it costs and whatever the limits are."""

    action: str

    def acts(self, world: World, known: Sequence[Part]) -> Done:
        """The action for all."""
        del known
        return certain(world, world.active, np.full(len(world.active), campaigns.ARMS.index(self.action)))


@dataclass(frozen=True)
class Oracle:
    """The best choice by the true effects on the next three months, within the limits; no control, nothing explored.

    It maximises what the rounds maximise, the value of those kept less the cost, and looks no further ahead.
    """

    actions: tuple[str, ...]
    cost: Numbers
    limits: PolicySpec
    worth: Worth

    def acts(self, world: World, known: Sequence[Part]) -> Done:
        """The choice by the truth."""
        del known
        here = world.active
        chance = played.outlook(world)[:, here]
        arms = np.array([campaigns.ARMS.index(name) for name in self.actions])
        choice = policy.choose(
            uplift=(chance[0] - chance[arms]).T,
            value=self.worth.of(world)[here],
            cost=self.cost,
            limits=limits_of(self.limits, actions=self.actions, n_rows=len(here)),
            ids=here,
            may_contact=np.ones((len(here), len(arms)), dtype=bool),
        )
        return certain(world, here, np.where(choice == policy.NOBODY, campaigns.NOT_IN_TRIAL, arms[choice]))


def certain(world: World, customers: Positions, arms: Codes) -> Done:
    """What is done without a draw: arms, an index into ARMS or NOT_IN_TRIAL, of these customers."""
    done = year.nothing(world)
    done.arms[customers] = arms
    acted = np.flatnonzero(done.arms != campaigns.NOT_IN_TRIAL)
    done.probability[acted] = np.eye(len(campaigns.ARMS))[done.arms[acted]]
    return done
