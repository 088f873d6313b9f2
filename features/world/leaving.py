"""The leaving rate of simulated customers, its causes, and their leaving times."""

import numpy as np

from features.world.arrays import NEVER, Flags, Floats, Instants
from features.world.hidden import Hidden
from features.world.months import DAY, Month
from features.world.population import PREMIUM, Population
from features.world.randomness import Stream, generator

_LEAST_A_DAY = 0.00012
_MOST_A_DAY = 0.02
_WEARINESS = 8.5
_ONBOARDING_DAYS = 120


def hazard(population: Population, *, before: Hidden, month: Month) -> Floats:
    """The leaving rate per day within the month, without any action.

    It follows the state at the end of the month before, so its causes show before it works.
    """
    logs = (
        before.frailty
        + np.where(before.is_dormant, 2.8, 0.0)
        + _WEARINESS * before.weariness
        + 3.5 * falling(before)
        + np.where(onboards_slowly(population, month), 2.4, 0.0)
        + 1.9 * np.minimum(before.experience, 1.6)
        + _price_pressure(population, before)
        + _renewal_pressure(population, month)
    )
    return np.minimum(_LEAST_A_DAY * np.exp(logs), _MOST_A_DAY)


def falling(hidden: Hidden) -> Floats:
    """The decline of use from the personal level, in [0, 1]."""
    return 1.0 - hidden.engagement


def onboards_slowly(population: Population, month: Month) -> Flags:
    """Whether a slow starter is still onboarding when the month begins."""
    is_early: Flags = population.tenure_days(month.begins) < _ONBOARDING_DAYS
    return population.starts_slowly & is_early


def has_fresh_rise(hidden: Hidden) -> Flags:
    """Whether the price has risen within the last three months."""
    flags: Flags = hidden.months_since_rise < 3
    return flags


def _price_pressure(population: Population, before: Hidden) -> Floats:
    minding = np.where(population.is_thrifty, 1.2, 0.4)
    rise = np.where(has_fresh_rise(before), minding, 0.0)
    return rise + np.where(population.is_thrifty, 0.3, 0.0) + np.where(before.is_squeezed, 2.4, 0.0)


def _renewal_pressure(population: Population, month: Month) -> Floats:
    nearness = np.where(population.is_renewed_in(month), 1.0, np.where(population.is_renewed_in(month.next), 0.5, 0.0))
    strength = np.where(population.plan == PREMIUM, 1.8, 1.2)
    return np.where(population.is_annual, strength * nearness, 0.0)


def leave_times(rates: Floats, *, population: Population, ended_at: Instants, seed: int, month: Month) -> Instants:
    """When each customer has left by the end of the month, NEVER for those who have not.

    rates are the rates of leaving, a day, with the actions at work; ended_at is what it was when the month began.
    """
    waits = generator(seed=seed, month=month.index, stream=Stream.LEAVING).exponential(1.0, len(rates)) / rates
    since = np.maximum(population.joined_at, month.begins)
    days_left = (month.ends - since) / DAY
    leaves = (ended_at == NEVER) & (waits < days_left)
    moments = since + (np.where(leaves, waits, 0.0) * DAY).astype(np.int64)
    return np.where(leaves, np.minimum(moments, month.ends - 1), ended_at)
