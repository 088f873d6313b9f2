"""The campaigns of the simulation: participants, arms, and the effect of each arm."""

import numpy as np

from features.tables import CONTROL
from features.world.arrays import NEVER, Codes, Floats, Instants, Positions
from features.world.hidden import Hidden
from features.world.leaving import falling, has_fresh_rise, onboards_slowly
from features.world.months import Month
from features.world.population import PREMIUM, Population
from features.world.randomness import Stream, generator

ARMS = (CONTROL, "call", "coupon", "upgrade")
PROBABILITIES = (0.4, 0.2, 0.2, 0.2)
NOT_IN_TRIAL = -1

_EVERY_MONTHS = 3
_TRIAL_SHARE = 0.7


def is_due(month: Month) -> bool:
    """Whether a campaign begins with the month: every third month, except the very first."""
    return month.index > 0 and month.index % _EVERY_MONTHS == 0


def active(population: Population, *, ended_at: Instants, month: Month) -> Positions:
    """The customers who are there when the month begins; ended_at must be as it was then."""
    return np.flatnonzero((population.joined_at < month.begins) & (ended_at == NEVER))


def assigned(here: Positions, *, size: int, seed: int, month: Month) -> Codes:
    """The arm of each of `size` customers, as an index into ARMS; NOT_IN_TRIAL for those left out."""
    rng = generator(seed=seed, month=month.index, stream=Stream.CAMPAIGN)
    takes_part = rng.random(len(here)) < _TRIAL_SHARE
    drawn = np.searchsorted(np.cumsum(PROBABILITIES)[:-1], rng.random(len(here)), side="right")
    arms = np.full(size, NOT_IN_TRIAL)
    arms[here] = np.where(takes_part, drawn, NOT_IN_TRIAL)
    return arms


def effects(population: Population, *, before: Hidden, month: Month) -> Floats:
    """The factor by which each arm multiplies the leaving rate for three months; shape (len(ARMS), size)."""
    plain = np.ones(population.size)
    awake = np.stack(
        [plain, _call(before), _coupon(population, before), _upgrade(population, before=before, month=month)]
    )
    asleep = np.array([1.0, 1.65, 1.45, 1.6])[:, None]
    return np.where(before.is_dormant, asleep, awake)


def _call(before: Hidden) -> Floats:
    return 0.98 - 0.9 * np.minimum(before.experience, 1.0)


def _coupon(population: Population, before: Hidden) -> Floats:
    pressed = before.is_squeezed | (population.is_thrifty & has_fresh_rise(before))
    thrifty = np.where(pressed, 0.08, 0.85)
    helped = np.where(population.is_thrifty, thrifty, 0.97)
    return np.where(population.plan == PREMIUM, 1.0, helped)


def _upgrade(population: Population, *, before: Hidden, month: Month) -> Floats:
    """Whoever is let down has no use for more of the same."""
    need = np.maximum(np.minimum(falling(before) / 0.5, 1.0), onboards_slowly(population, month))
    strength = np.where((population.plan == PREMIUM) | before.is_let_down, 0.0, 0.9)
    return 1.0 - strength * need
