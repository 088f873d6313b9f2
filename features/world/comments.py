"""Comments of simulated customers beside the score of a survey; their words agree with it, but not always."""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.world.arrays import Codes, Flags, Floats
from features.world.chapters import Chapter
from features.world.fragments import TOPICS
from features.world.randomness import Stream, generator
from features.world.reporting import Rows
from features.world.words_chinese import CHINESE
from features.world.words_english import ENGLISH

_SHARE = 1 / 3
_ENGLISH_CODE = 0
_LOW, _HIGH = 6.5, 8.5
_TONE_SHARES = np.array([[0.05, 0.20], [0.20, 0.60], [0.75, 0.20]])
"""The shares of glad and plain comments beside low, middling and high scores; the others are upset."""


def drawn(chapter: Chapter, score: Floats) -> Rows:
    """Who comments and what, one row for each question, from a generator of their own; without a score nobody does."""
    rng = generator(seed=chapter.seed, month=chapter.month.index, stream=Stream.COMMENTS)
    size = len(score)
    return {
        "has_comment": (rng.random(size) < _SHARE) & ~np.isnan(score),
        "tone": _tones(score, rng.random(size)),
        "topic": rng.integers(0, len(TOPICS), size),
        **{f"draw_{place}": draw for place, draw in enumerate(rng.random((3, size)))},
    }


def _tones(score: Floats, draw: Floats) -> Codes:
    bounds = np.cumsum(_TONE_SHARES, axis=1)[np.digitize(score, (_LOW, _HIGH))]
    return np.asarray((draw[:, None] >= bounds).sum(axis=1))


def texts(chapter: Chapter, versions: Rows, *, is_said: Flags) -> pa.Array:
    """What the rows of is_said say, in the customer's language; missing in the others.

    versions has customer_id, tone, topic and draw_0 to draw_2, of shape (n_rows,) each.
    """
    draws = np.stack([versions[f"draw_{place}"] for place in range(3)])
    found: NDArray[Any] = np.full(len(versions["tone"]), None, dtype=np.object_)
    is_english = chapter.population.language[versions["customer_id"]] == _ENGLISH_CODE
    for words, speaks in ((ENGLISH, is_english), (CHINESE, ~is_english)):
        chosen = speaks & is_said
        said = words.said(tones=versions["tone"][chosen], topics=versions["topic"][chosen], draws=draws[:, chosen])
        found[chosen] = said.to_numpy(zero_copy_only=False)
    return pa.array(found, pa.string())
