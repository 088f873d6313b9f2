"""The simulation month by month: which customers exist, their state, and who leaves."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np

from features.world import campaigns, hidden, leaving, population
from features.world.arrays import NEVER, Codes, Flags, Floats, Instants, Positions
from features.world.hidden import Hidden
from features.world.months import Month, month_at
from features.world.population import Population
from features.world.randomness import Stream, generator


@dataclass(frozen=True)
class Chapter:
    """One simulated month; every array covers all who ever joined.

    before and now are the hidden states at the beginning and the end of the month, hazard the rate of leaving
    a day without action, effect what the action at work multiplies it by. arms and effects are those of the
    campaign that begins with the month (arms: none in trial, effects: ones, without one). ended_before and
    ended_at say who has left when the month begins and when it ends.
    """

    seed: int
    month: Month
    population: Population
    before: Hidden
    now: Hidden
    hazard: Floats
    arms: Codes
    effects: Floats
    effect: Floats
    ended_before: Instants
    ended_at: Instants

    @property
    def active(self) -> Positions:
        """The customers who are there at the first instant of the month."""
        return campaigns.active(self.population, ended_at=self.ended_before, month=self.month)

    @property
    def present(self) -> Positions:
        """The customers who are there at some time of the month."""
        return np.flatnonzero(self.ended_before == NEVER)

    @property
    def here_from(self) -> Instants:
        """From when a customer is there in the month: its beginning, or the later time of joining."""
        return np.maximum(self.population.joined_at, self.month.begins)

    @property
    def here_until(self) -> Instants:
        """The last instant that a customer is there in the month: its end, or the earlier time of leaving."""
        return np.minimum(self.ended_at, self.month.ends - 1)

    def is_here(self, customers: Positions, moments: Instants) -> Flags:
        """Whether each of customers is there, within the month, at its moment."""
        return (moments >= self.here_from[customers]) & (moments <= self.here_until[customers])


def unfold(*, seed: int, customers: int, start: date) -> Iterator[Chapter]:
    """The months of the simulation, without end; a longer run repeats the shorter one."""
    first = month_at(start, 0)
    people = population.founders(seed=seed, customers=customers, month=first)
    chapter = _opening(people, seed=seed, month=first)
    while True:
        chapter = continued(chapter, customers=customers)
        yield chapter


def _opening(people: Population, *, seed: int, month: Month) -> Chapter:
    state = hidden.settled(people, seed=seed, month=month)
    never = np.full(people.size, NEVER)
    return Chapter(
        seed=seed,
        month=Month(month.index - 1, month.ordinal - 1),
        population=people,
        before=state,
        now=state,
        hazard=np.zeros(people.size),
        arms=np.full(people.size, campaigns.NOT_IN_TRIAL),
        effects=np.ones((len(campaigns.ARMS), people.size)),
        effect=np.ones(people.size),
        ended_before=never,
        ended_at=never,
    )


def continued(last: Chapter, *, customers: int) -> Chapter:
    """The month after `last`, with the campaigns of the world itself; customers as for `unfold`."""
    seed, month = last.seed, last.month.next
    arrivals = population.newcomers(seed=seed, customers=customers, month=month)
    people = population.grown(last.population, arrivals)
    rng = generator(seed=seed, month=month.index, stream=Stream.HIDDEN)
    before = hidden.grown(last.now, hidden.newborn(arrivals, rng))
    ended_before = np.concatenate([last.ended_at, np.full(arrivals.size, NEVER)])
    arms, effects, effect = _action(last, people=people, before=before, ended_before=ended_before)
    rates = leaving.hazard(people, before=before, month=month)
    return Chapter(
        seed=seed,
        month=month,
        population=people,
        before=before,
        now=hidden.advanced(before, population=people, month=month, rng=rng),
        hazard=rates,
        arms=arms,
        effects=effects,
        effect=effect,
        ended_before=ended_before,
        ended_at=leaving.leave_times(rates * effect, population=people, ended_at=ended_before, seed=seed, month=month),
    )


def _action(
    last: Chapter, *, people: Population, before: Hidden, ended_before: Instants
) -> tuple[Codes, Floats, Floats]:
    month, newborn = last.month.next, people.size - last.population.size
    if not campaigns.is_due(month):
        nobody = np.full(people.size, campaigns.NOT_IN_TRIAL)
        none = np.ones((len(campaigns.ARMS), people.size))
        return nobody, none, np.concatenate([last.effect, np.ones(newborn)])
    here = campaigns.active(people, ended_at=ended_before, month=month)
    arms = campaigns.assigned(here, size=people.size, seed=last.seed, month=month)
    effects = campaigns.effects(people, before=before, month=month)
    in_trial = np.maximum(arms, 0)
    return arms, effects, effects[in_trial, np.arange(people.size)]
