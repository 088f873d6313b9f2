"""Survey invitations in the simulation: who is asked, at which touchpoint and when."""

from dataclasses import dataclass

import numpy as np

from features.world.arrays import Codes, Flags, Floats, Instants, Positions
from features.world.chapters import Chapter
from features.world.contacts import INCIDENT, Contacts
from features.world.months import DAY, HOUR, Month

TOUCHPOINTS = ("onboarding", "application", "after_sales", "renewal")
ONBOARDING, APPLICATION, AFTER_SALES, RENEWAL = range(len(TOUCHPOINTS))

_DAYS_AFTER_JOINING = 30
_DAYS_BEFORE_RENEWAL = 21
_APPLICATION_SHARE = 0.06
_AFTER_SALES_SHARE = 0.35


@dataclass(frozen=True)
class Questions:
    """The invitations of a month; soreness is how bad the recent experience was, 0 for good."""

    customers: Positions
    event_at: Instants
    touchpoint: Codes
    soreness: Floats


def questions(chapter: Chapter, *, talks: Contacts, rng: np.random.Generator) -> Questions:
    """The invitations of the month, touchpoint by touchpoint."""
    parts = [_onboarding(chapter), _application(chapter, rng), _after_sales(chapter, talks=talks, rng=rng)]
    parts += [_before_renewal(chapter, chapter.month), _before_renewal(chapter, chapter.month.next)]
    customers, event_at, touchpoint, soreness = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("customers", "event_at", "touchpoint", "soreness")
    )
    stays = chapter.is_here(customers, event_at)
    return Questions(customers[stays], event_at[stays], touchpoint[stays], soreness[stays])


def _onboarding(chapter: Chapter) -> Questions:
    moments = chapter.population.joined_at + _DAYS_AFTER_JOINING * DAY
    return _asked(chapter, is_asked=_within(moments, chapter.month), moments=moments, touchpoint=ONBOARDING)


def _application(chapter: Chapter, rng: np.random.Generator) -> Questions:
    size = chapter.population.size
    is_asked = (rng.random(size) < _APPLICATION_SHARE) & ~chapter.before.is_dormant
    moments = rng.integers(chapter.month.begins, chapter.month.ends, size)
    return _asked(chapter, is_asked=is_asked, moments=moments, touchpoint=APPLICATION)


def _before_renewal(chapter: Chapter, renewed: Month) -> Questions:
    people = chapter.population
    moments = people.billed_at(np.full(people.size, renewed.ordinal)) - _DAYS_BEFORE_RENEWAL * DAY
    is_asked = people.is_annual & people.is_renewed_in(renewed) & _within(moments, chapter.month)
    return _asked(chapter, is_asked=is_asked, moments=moments, touchpoint=RENEWAL)


def _after_sales(chapter: Chapter, *, talks: Contacts, rng: np.random.Generator) -> Questions:
    soreness = 0.6 * chapter.before.experience[talks.customers] + 1.2 * (talks.cause == INCIDENT)
    moments = talks.event_at + rng.integers(HOUR, 24 * HOUR, len(soreness))
    asked = rng.random(len(soreness)) < _AFTER_SALES_SHARE
    touchpoint = np.full(int(asked.sum()), AFTER_SALES)
    return Questions(talks.customers[asked], moments[asked], touchpoint, soreness[asked])


def _within(moments: Instants, month: Month) -> Flags:
    return (moments >= month.begins) & (moments < month.ends)


def _asked(chapter: Chapter, *, is_asked: Flags, moments: Instants, touchpoint: int) -> Questions:
    customers = np.flatnonzero(is_asked)
    soreness = chapter.before.experience[customers]
    return Questions(customers, moments[customers], np.full(len(customers), touchpoint), soreness)
