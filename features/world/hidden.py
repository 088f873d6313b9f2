"""Latent variables of the simulated customers, which drive all observed data, month by month.

The hidden state depends neither on what is done to a customer nor on whether the customer is still there: its path
is the same in every arm, so what would have happened without an action can be worked out exactly.
"""

import math
from dataclasses import dataclass, fields

import numpy as np

from features.world.arrays import Codes, Flags, Floats
from features.world.months import Month
from features.world.population import Population
from features.world.randomness import Stream, generator

_LONG_AGO = 99
_MONTHS_OF_PAST = 6
_FRAILTY_MEMORY = 0.9
_FRAILTY_SPREAD = 0.3
_LET_DOWN, _RECONCILED, _WEARING = 0.027, 0.01, 0.07


@dataclass(frozen=True)
class Hidden:
    """The latent state at the end of a month.

    engagement is the use against the personal level (1: as ever), falling while the customer drifts. A dormant
    customer has forgotten the subscription. A squeezed one, always thrifty, is short of money. experience weighs the
    bad experiences, older ones less; incidents counts those of the month. frailty, in logs, is what moves a
    customer to leave and leaves no trace in any table. One who is let down, who writes often and is not dormant,
    expected more of the service or found better elsewhere, and grows weary of it month by month (weariness, in [0, 1]):
    only messages tell, by their words, and there are a few more of them. raised is the price against the list price.
    """

    engagement: Floats
    is_drifting: Flags
    is_dormant: Flags
    is_squeezed: Flags
    is_let_down: Flags
    weariness: Floats
    experience: Floats
    incidents: Codes
    frailty: Floats
    raised: Floats
    months_since_rise: Codes


def newborn(population: Population, rng: np.random.Generator) -> Hidden:
    """The state of customers who have just joined."""
    size = population.size
    no = np.zeros(size, dtype=np.bool_)
    return Hidden(
        engagement=np.ones(size),
        is_drifting=no,
        is_dormant=no,
        is_squeezed=no,
        is_let_down=no,
        weariness=np.zeros(size),
        experience=np.zeros(size),
        incidents=np.zeros(size, dtype=np.int64),
        frailty=rng.normal(0.0, _FRAILTY_SPREAD, size),
        raised=np.ones(size),
        months_since_rise=np.full(size, _LONG_AGO),
    )


def settled(population: Population, *, seed: int, month: Month) -> Hidden:
    """The state of the founders at the start of the simulation: newcomers with half a year of history."""
    hidden = newborn(population, generator(seed=seed, month=0, stream=Stream.PAST))
    for step in range(1, _MONTHS_OF_PAST + 1):
        rng = generator(seed=seed, month=step, stream=Stream.PAST)
        back = step - _MONTHS_OF_PAST - 1
        past = Month(month.index + back, month.ordinal + back)
        hidden = advanced(hidden, population=population, month=past, rng=rng)
    return hidden


def grown(hidden: Hidden, arrivals: Hidden) -> Hidden:
    """The state of the population with the newcomers appended."""
    names = [field.name for field in fields(Hidden)]
    return Hidden(**{name: np.concatenate([getattr(hidden, name), getattr(arrivals, name)]) for name in names})


def advanced(before: Hidden, *, population: Population, month: Month, rng: np.random.Generator) -> Hidden:
    """The state one month later, at the end of month."""
    draw = rng.random((5, population.size))
    is_dormant = _switched(before.is_dormant, draw[0], on=np.where(before.is_drifting, 0.032, 0.022), off=0.03)
    is_drifting = _switched(before.is_drifting, draw[1], on=0.027, off=0.08) & ~is_dormant
    incidents = rng.poisson(population.trouble) * ~is_dormant
    rises = (draw[3] < 0.025) & (population.tenure_days(month.begins) > 180)
    frailty = _frailty(before.frailty, rng)
    luck, liable = rng.random(population.size), population.writes_often & ~is_dormant
    is_let_down = _switched(before.is_let_down, luck, on=_LET_DOWN, off=_RECONCILED) & liable
    return Hidden(
        engagement=_engagement(before.engagement, is_drifting=is_drifting, is_dormant=is_dormant),
        is_drifting=is_drifting,
        is_dormant=is_dormant,
        is_squeezed=_switched(before.is_squeezed, draw[2], on=0.07, off=0.07) & population.is_thrifty,
        is_let_down=is_let_down,
        weariness=np.where(is_let_down, before.weariness + _WEARING * (1 - before.weariness), 0.0),
        experience=0.7 * before.experience + incidents,
        incidents=incidents,
        frailty=frailty,
        raised=np.where(rises, before.raised * (1.08 + 0.12 * draw[4]), before.raised),
        months_since_rise=np.where(rises, 0, before.months_since_rise + 1),
    )


def _switched(state: Flags, draw: Floats, *, on: Floats | float, off: float) -> Flags:
    return np.where(state, draw >= off, draw < on)


def _engagement(before: Floats, *, is_drifting: Flags, is_dormant: Flags) -> Floats:
    moved = np.where(is_drifting, np.maximum(before * 0.6, 0.2), before + 0.5 * (1 - before))
    return np.where(is_dormant, 1.0, moved)


def _frailty(before: Floats, rng: np.random.Generator) -> Floats:
    fresh = rng.normal(0.0, _FRAILTY_SPREAD, len(before))
    return _FRAILTY_MEMORY * before + math.sqrt(1 - _FRAILTY_MEMORY**2) * fresh
