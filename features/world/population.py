"""The simulated customers: when they join, and their constant attributes."""

from dataclasses import dataclass, fields

import numpy as np

from features.world.arrays import Codes, Flags, Floats, Instants
from features.world.months import DAY, HOUR, Month, first_instants, ordinals_of
from features.world.randomness import Stream, generator

SEGMENTS = ("private", "family", "business")
REGIONS = ("north", "east", "south", "west")
LANGUAGES = ("en", "zh")
PLANS = ("basic", "plus", "premium")
LIST_PRICES = np.array([15.0, 30.0, 60.0])
PREMIUM = PLANS.index("premium")

_SEGMENT_SHARES = (0.5, 0.3, 0.2)
_REGION_SHARES = (0.3, 0.25, 0.25, 0.2)
_LANGUAGE_SHARES = (0.55, 0.45)
_PLAN_SHARES = ((0.48, 0.37, 0.15), (0.36, 0.42, 0.22), (0.15, 0.40, 0.45))
_THRIFTY_SHARES = np.array([0.45, 0.60, 0.10])
_YEARS_BEFORE_START = 3
_OFTEN_SHARE = 0.3
_LAST_BILLING_DAY = 24


@dataclass(frozen=True)
class Population:
    """Constant attributes of every customer, in the order of joining.

    segment, region, language and plan are positions in the tuples of this module. level is the share of days
    with use when all is well, trouble the bad experiences to expect in a month. A thrifty customer minds the
    price; one with a slow start takes months to find the way in; one who writes often depends on the service most.
    """

    joined_at: Instants
    segment: Codes
    region: Codes
    language: Codes
    plan: Codes
    is_annual: Flags
    is_thrifty: Flags
    starts_slowly: Flags
    level: Floats
    trouble: Floats
    writes_often: Flags

    @property
    def size(self) -> int:
        """How many customers have ever joined."""
        return len(self.joined_at)

    @property
    def joined_month(self) -> Codes:
        """The months, since January 1970, of joining."""
        return ordinals_of(self.joined_at)

    def tenure_days(self, moment: int) -> Floats:
        """Days since joining, at a moment; negative for those still to come."""
        return (moment - self.joined_at) / DAY

    def billed_at(self, months: Codes) -> Instants:
        """When each customer is billed in its month of months: the day of joining, but the 24th at the latest."""
        since_month_began = self.joined_at - first_instants(self.joined_month)
        clock = since_month_began % DAY
        return first_instants(months) + np.minimum(since_month_began - clock, (_LAST_BILLING_DAY - 1) * DAY) + clock

    def is_renewed_in(self, month: Month) -> Flags:
        """Whether the contract runs out in the month: every month, or every twelfth for annual contracts."""
        age = month.ordinal - self.joined_month
        is_due: Flags = (age > 0) & (~self.is_annual | (age % 12 == 0))
        return is_due


def founders(*, seed: int, customers: int, month: Month) -> Population:
    """The customers at the start of the simulation; they joined over the three years before."""
    size = customers - _arrived(customers, 24)
    rng = generator(seed=seed, month=month.index, stream=Stream.FOUNDERS)
    span = _YEARS_BEFORE_START * 365 * DAY
    return _people(rng, np.sort(rng.integers(month.begins - span, month.begins - HOUR, size)))


def newcomers(*, seed: int, customers: int, month: Month) -> Population:
    """The customers who join within the month: a sixtieth of `customers`."""
    size = _arrived(customers, month.index + 1) - _arrived(customers, month.index)
    rng = generator(seed=seed, month=month.index, stream=Stream.NEWCOMERS)
    return _people(rng, np.sort(rng.integers(month.begins + 1, month.ends - HOUR, size)))


def grown(population: Population, arrivals: Population) -> Population:
    """The population with the newcomers appended."""
    names = [field.name for field in fields(Population)]
    return Population(**{name: np.concatenate([getattr(population, name), getattr(arrivals, name)]) for name in names})


def _arrived(customers: int, months: int) -> int:
    return customers * months // 60


def _people(rng: np.random.Generator, joined_at: Instants) -> Population:
    size = len(joined_at)
    segment = _codes(rng, np.tile(_SEGMENT_SHARES, (size, 1)))
    plan = _codes(rng, np.array(_PLAN_SHARES)[segment])
    return Population(
        joined_at=joined_at,
        segment=segment,
        region=_codes(rng, np.tile(_REGION_SHARES, (size, 1))),
        language=_codes(rng, np.tile(_LANGUAGE_SHARES, (size, 1))),
        plan=plan,
        is_annual=rng.random(size) < 0.45 + 0.1 * plan,
        is_thrifty=rng.random(size) < _THRIFTY_SHARES[plan],
        starts_slowly=rng.random(size) < 0.3,
        level=rng.beta(12.0, 15.0, size),
        trouble=rng.gamma(0.4, 0.075 / 0.4, size),
        writes_often=rng.random(size) < _OFTEN_SHARE,
    )


def _codes(rng: np.random.Generator, shares: Floats) -> Codes:
    drawn = (rng.random((len(shares), 1)) > np.cumsum(shares, axis=1)).sum(axis=1)
    codes: Codes = np.minimum(drawn, shares.shape[1] - 1)
    return codes
