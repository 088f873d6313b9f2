"""The simulated table `surveys`: invitations at touchpoints, and the scores and comments of those who answered."""

import numpy as np
import pyarrow as pa

from features import tables
from features.world import comments
from features.world.arrays import Flags, Floats
from features.world.assembly import assemble, numbered, worded
from features.world.chapters import Chapter
from features.world.contacts import Contacts
from features.world.leaving import falling, onboards_slowly
from features.world.questions import TOUCHPOINTS, Questions, questions
from features.world.randomness import Stream, generator
from features.world.reporting import Rows, corrected


def rows(chapter: Chapter, talks: Contacts) -> pa.Table:
    """One row for each question, and another when its answer came later or was entered wrongly at first."""
    rng = generator(seed=chapter.seed, month=chapter.month.index, stream=Stream.SURVEYS)
    asked = questions(chapter, talks=talks, rng=rng)
    size = len(asked.customers)
    score = np.where(_answers(chapter, asked=asked, rng=rng), _scores(chapter, asked=asked, rng=rng), np.nan)
    is_late, mistake = rng.random(size) < 0.4, np.round(rng.uniform(0.0, 10.0, size))
    first = np.where(is_late, np.nan, mistake)
    chosen = ~np.isnan(score) & (is_late | ((rng.random(size) < 0.02) & (first != score)))
    columns: Rows = {
        "number": np.arange(1, size + 1),
        "customer_id": asked.customers,
        "event_at": asked.event_at,
        "known_at": asked.event_at,
        "touchpoint": asked.touchpoint,
        "score": score,
        **comments.drawn(chapter, score),
    }
    gap_days = rng.uniform(0.5, 14.0, size)
    unanswered = {"score": first, "has_comment": columns["has_comment"] & ~is_late}
    return _assembled(chapter, corrected(columns, chosen=chosen, first=unanswered, gap_days=gap_days))


def _answers(chapter: Chapter, *, asked: Questions, rng: np.random.Generator) -> Flags:
    willing = np.where(chapter.before.is_dormant, 0.05, 0.7 - 0.3 * falling(chapter.before))
    return rng.random(len(asked.customers)) < willing[asked.customers]


def _scores(chapter: Chapter, *, asked: Questions, rng: np.random.Generator) -> Floats:
    """Integer scores from 0 to 10, lower after bad experiences, decline of use, slow onboarding and price rises."""
    before = chapter.before
    mood = 8.4 - 1.5 * falling(before) - 0.8 * before.is_squeezed
    mood = mood - 1.2 * onboards_slowly(chapter.population, chapter.month)
    score = mood[asked.customers] - 2.2 * np.minimum(asked.soreness, 2.5) + rng.normal(0.0, 1.3, len(asked.customers))
    points: Floats = np.clip(np.round(score), 0.0, 10.0)
    return points


def _assembled(chapter: Chapter, versions: Rows) -> pa.Table:
    columns = {
        **versions,
        "survey_id": numbered(f"S{chapter.month.name}-", versions["number"]),
        "touchpoint": worded(TOUCHPOINTS, versions["touchpoint"]),
        "comment": comments.texts(chapter, versions, is_said=versions["has_comment"]),
    }
    return assemble(tables.SURVEYS, columns)
