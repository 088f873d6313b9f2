"""The simulated table `milestones`: onboarding steps, fast for most customers and slow for slow starters."""

import numpy as np
import pyarrow as pa

from features import tables
from features.world.arrays import Positions
from features.world.assembly import assemble, worded
from features.world.chapters import Chapter
from features.world.months import DAY, ordinals_of
from features.world.randomness import Stream, generator

STEPS = ("profile", "import", "first_report", "invitation", "integration")

_MONTHS_OF_STEPS = 4
_DAYS_A_STEP = 1.5
_SLOWNESS = 6.0
_LEFT_OUT = 0.05
_LEFT_OUT_BY_THE_SLOW = 0.3


def rows(chapter: Chapter) -> pa.Table:
    """The steps done in the month by customers who joined in it or in the three before."""
    parts = [_of_those_who_joined(chapter, months_ago=ago) for ago in range(_MONTHS_OF_STEPS)]
    return pa.concat_tables(parts)


def _of_those_who_joined(chapter: Chapter, *, months_ago: int) -> pa.Table:
    """The steps of one month's newcomers; the draws are the same in every month that asks."""
    people, joined_in = chapter.population, chapter.month.ordinal - months_ago
    customers: Positions = np.flatnonzero(ordinals_of(people.joined_at) == joined_in)
    rng = generator(
        seed=chapter.seed, month=chapter.month.index - months_ago + _MONTHS_OF_STEPS, stream=Stream.MILESTONES
    )
    slow = people.starts_slowly[customers][:, None]
    days = rng.exponential(_DAYS_A_STEP, (len(customers), len(STEPS))) * np.where(slow, _SLOWNESS, 1.0)
    moments = people.joined_at[customers][:, None] + (np.cumsum(days, axis=1) * DAY).astype(np.int64)
    done = rng.random(moments.shape) >= np.where(slow, _LEFT_OUT_BY_THE_SLOW, _LEFT_OUT)
    who, step = np.nonzero(done & (moments < chapter.month.ends) & (moments >= chapter.month.begins))
    event_at = moments[who, step]
    stays = chapter.is_here(customers[who], event_at)
    columns = {
        "customer_id": customers[who[stays]],
        "event_at": event_at[stays],
        "known_at": event_at[stays],
        "step": worded(STEPS, step[stays]),
    }
    return assemble(tables.MILESTONES, columns)
