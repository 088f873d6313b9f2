"""Generated messages: an opening, a body on the topic and a closing, chosen by tone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.world.arrays import Codes, Floats

TONES = ("glad", "plain", "upset")
TOPICS = ("technical", "billing", "service", "price", "how_to", "account")
GLAD, PLAIN, UPSET = range(len(TONES))


@dataclass(frozen=True)
class Fragments:
    """The phrases of one language: openings and closings by tone, bodies by topic and tone."""

    separator: str
    openings: dict[str, tuple[str, ...]]
    bodies: dict[str, dict[str, tuple[str, ...]]]
    closings: dict[str, tuple[str, ...]]

    def said(self, *, tones: Codes, topics: Codes, draws: Floats) -> pa.Array:
        """One message per row; draws in [0, 1), shape (3, n_rows), choose among the fitting phrases."""
        openings = _picked([self.openings[tone] for tone in TONES], tones, draws[0])
        bodies = [self.bodies[topic][tone] for topic in TOPICS for tone in TONES]
        body = _picked(bodies, topics * len(TONES) + tones, draws[1])
        closings = _picked([self.closings[tone] for tone in TONES], tones, draws[2])
        return pc.utf8_rtrim_whitespace(pc.binary_join_element_wise(openings, body, closings, self.separator))


def _picked(groups: Sequence[tuple[str, ...]], group: Codes, draws: Floats) -> pa.Array:
    sizes = np.array([len(words) for words in groups])
    places = (np.cumsum(sizes) - sizes)[group] + (draws * sizes[group]).astype(np.int64)
    return pa.array([word for words in groups for word in words], pa.string()).take(pa.array(places))
