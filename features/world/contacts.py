"""Support contacts in the simulation: their cause (bad experience, price or ordinary question) and time."""

from dataclasses import dataclass

import numpy as np

from features.world.arrays import Codes, Flags, Floats, Instants, Positions
from features.world.chapters import Chapter
from features.world.leaving import onboards_slowly
from features.world.randomness import Stream, generator

ORDINARY, INCIDENT, PRICE = range(3)

_REPORTED_SHARE = 0.95
_SELDOM, _OFTEN = 0.04, 0.5
_MORE_OF_THE_LET_DOWN = 0.1


@dataclass(frozen=True)
class Contacts:
    """The contacts of a month in order of time; cause is the reason, follows_rise whether the price has just risen."""

    customers: Positions
    event_at: Instants
    cause: Codes
    follows_rise: Flags


def contacts(chapter: Chapter) -> Contacts:
    """The contacts of the month."""
    rng = generator(seed=chapter.seed, month=chapter.month.index, stream=Stream.CONTACTS)
    here = chapter.present
    counts = np.stack(
        [
            rng.poisson(_ordinary_rate(chapter)[here]),
            rng.binomial(chapter.now.incidents[here], _REPORTED_SHARE),
            rng.poisson(_price_rate(chapter)[here]),
        ]
    )
    customers = np.concatenate([np.repeat(here, count) for count in counts])
    cause = np.repeat([ORDINARY, INCIDENT, PRICE], counts.sum(axis=1))
    event_at = rng.integers(chapter.month.begins, chapter.month.ends, len(customers))
    return _in_order(chapter, customers=customers, cause=cause, event_at=event_at)


def _in_order(chapter: Chapter, *, customers: Positions, cause: Codes, event_at: Instants) -> Contacts:
    stays = chapter.is_here(customers, event_at)
    order = np.argsort(event_at[stays], kind="stable")
    kept = np.flatnonzero(stays)[order]
    return Contacts(customers[kept], event_at[kept], cause[kept], _has_just_risen(chapter)[customers[kept]])


def _ordinary_rate(chapter: Chapter) -> Floats:
    finding_the_way = onboards_slowly(chapter.population, chapter.month)
    more = 0.2 * finding_the_way + _MORE_OF_THE_LET_DOWN * chapter.before.is_let_down
    return np.where(chapter.now.is_dormant, 0.002, np.where(chapter.population.writes_often, _OFTEN, _SELDOM) + more)


def _price_rate(chapter: Chapter) -> Floats:
    thrifty = chapter.population.is_thrifty
    risen = _has_just_risen(chapter) * (0.08 + 0.35 * thrifty)
    rate: Floats = 0.01 + 0.01 * thrifty + 0.22 * chapter.now.is_squeezed + risen
    return np.where(chapter.now.is_dormant, 0.002, rate)


def _has_just_risen(chapter: Chapter) -> Flags:
    """Whether the price rises this month (customers are told ahead) or rose in the last."""
    flags: Flags = chapter.now.months_since_rise <= 1
    return flags
