"""The simulated table `usage`: the days on which a customer used the product, and how much."""

import numpy as np
import pyarrow as pa

from features import tables
from features.world.arrays import Floats, Positions
from features.world.assembly import assemble
from features.world.chapters import Chapter
from features.world.leaving import onboards_slowly
from features.world.months import DAY, HOUR
from features.world.randomness import Stream, generator
from features.world.reporting import learnt_at

_BLOCK = 100_000
_DORMANT_CHANCE = 0.0005
_SLOW_START = 0.3
_WEEKDAYS = np.array(
    [
        [0.95, 0.95, 0.95, 0.95, 1.00, 1.15, 1.10],
        [1.00, 1.00, 1.00, 1.00, 0.95, 1.05, 1.05],
        [1.25, 1.25, 1.25, 1.20, 1.10, 0.50, 0.40],
    ]
)
"""The share of days with use against the mean, by segment and weekday from Monday."""


def rows(chapter: Chapter) -> pa.Table:
    """One row per customer and day of use; its time is the day's last use."""
    here = chapter.present
    starts = range(0, max(len(here), 1), _BLOCK)
    return pa.concat_tables([_block(chapter, here[start : start + _BLOCK], start // _BLOCK) for start in starts])


def _block(chapter: Chapter, block: Positions, number: int) -> pa.Table:
    rng = generator(seed=chapter.seed, month=chapter.month.index, stream=Stream.USAGE, block=number)
    chances = _chances(chapter, block)
    who, day = np.nonzero(rng.random(chances.shape, dtype=np.float32) < chances)
    clock = rng.integers(6 * HOUR, DAY, len(who))
    event_at = chapter.month.begins + day * DAY + clock
    stays = chapter.is_here(block[who], event_at)
    customers, event_at = block[who[stays]], event_at[stays]
    intensity = _intensity(chapter)[customers]
    known_at = learnt_at(rng, event_at=event_at, late_share=0.02, most_days=10)
    actions = 1 + rng.poisson(intensity)
    columns = {
        "customer_id": customers,
        "event_at": event_at,
        "known_at": known_at,
        "actions": actions,
        "minutes": np.round(np.minimum(rng.standard_gamma(5.0, len(customers)) * 0.4 * intensity, 1440.0), 1),
        "kinds": 1 + rng.binomial(np.minimum(actions - 1, 7), 0.4),
        "sessions": 1 + rng.binomial(np.minimum(actions - 1, 5), 0.25),
    }
    return assemble(tables.USAGE, columns)


def _chances(chapter: Chapter, block: Positions) -> Floats:
    """The probability of use for each customer of the block and day of the month."""
    people, month = chapter.population, chapter.month
    season = 1.0 + 0.06 * np.cos(2 * np.pi * (month.ordinal % 12) / 12)
    level = people.level * chapter.now.engagement * np.where(onboards_slowly(people, month), _SLOW_START, 1.0) * season
    monthly = np.where(chapter.now.is_dormant, _DORMANT_CHANCE, level)[block]
    # 1 January 1970 was a Thursday, the fourth day counted from Monday.
    weekdays = (month.begins // DAY + 3 + np.arange(month.days)) % 7
    chances: Floats = monthly[:, None] * _WEEKDAYS[people.segment[block]][:, weekdays]
    return chances


def _intensity(chapter: Chapter) -> Floats:
    return 2.0 + 14.0 * chapter.population.level * chapter.now.engagement
