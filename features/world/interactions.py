"""The simulated table `interactions`: topic, resolution and text of each support contact."""

import numpy as np
import pyarrow as pa

from features import tables
from features.world.arrays import MISSING_INSTANT, Codes, Flags, Floats
from features.world.assembly import assemble, numbered, worded
from features.world.chapters import Chapter
from features.world.comments import texts
from features.world.contacts import INCIDENT, ORDINARY, Contacts
from features.world.fragments import GLAD, PLAIN, TOPICS, UPSET
from features.world.months import DAY
from features.world.randomness import Stream, generator
from features.world.reporting import Rows, corrected, learnt_at

CHANNELS = ("call", "chat", "ticket", "email")

_CHANNEL_BOUNDS = np.cumsum((0.35, 0.3, 0.2))
_TOPIC_SHARES = np.array(
    [
        [0.20, 0.15, 0.05, 0.00, 0.35, 0.25],
        [0.40, 0.25, 0.25, 0.00, 0.00, 0.10],
        [0.00, 0.00, 0.00, 1.00, 0.00, 0.00],
    ]
)
"""What a contact is about, by cause (ordinary, incident, price) and topic."""


def rows(chapter: Chapter, talks: Contacts) -> pa.Table:
    """One row per contact; some are first recorded as unresolved and corrected later."""
    rng = generator(seed=chapter.seed, month=chapter.month.index, stream=Stream.INTERACTIONS)
    noted = _noted(chapter, talks=talks, rng=rng)
    size = len(talks.customers)
    solved_later = noted["resolved"] & (rng.random(size) < np.where(talks.cause == INCIDENT, 0.35, 0.08))
    gap_days = rng.uniform(1.0, 20.0, size)
    solved_at = noted["event_at"] + np.where(solved_later, 0.9 * gap_days * DAY, 0.0).astype(np.int64)
    noted["resolved_at"] = np.where(noted["resolved"], solved_at, MISSING_INSTANT)
    first = {"resolved": np.zeros(size, np.bool_), "resolved_at": np.full(size, MISSING_INSTANT)}
    versions = corrected(noted, chosen=solved_later, first=first, gap_days=gap_days)
    return _assembled(chapter, versions)


def _noted(chapter: Chapter, *, talks: Contacts, rng: np.random.Generator) -> Rows:
    size = len(talks.customers)
    topic = (rng.random((size, 1)) > np.cumsum(_TOPIC_SHARES, axis=1)[talks.cause][:, :-1]).sum(axis=1)
    return {
        "number": np.arange(1, size + 1),
        "customer_id": talks.customers,
        "event_at": talks.event_at,
        "known_at": learnt_at(rng, event_at=talks.event_at, late_share=0.03, most_days=8),
        "channel": np.searchsorted(_CHANNEL_BOUNDS, rng.random(size), side="right"),
        "topic": topic,
        "complaint": rng.random(size) < _complaint_chance(talks),
        "resolved": rng.random(size) < np.array([0.94, 0.6, 0.6])[talks.cause],
        "handling_minutes": _minutes(talks, rng),
        "tone": _tones(chapter, talks=talks, rng=rng),
        "is_silent": rng.random(size) < 0.1,
        **{f"draw_{place}": draw for place, draw in enumerate(rng.random((3, size)))},
    }


def _complaint_chance(talks: Contacts) -> Floats:
    price = np.where(talks.follows_rise, 0.6, 0.2)
    return np.choose(talks.cause, [np.full(len(price), 0.02), np.full(len(price), 0.85), price])


def _minutes(talks: Contacts, rng: np.random.Generator) -> Floats:
    """Lognormal minutes, longer for bad experiences; a few were not measured."""
    size = len(talks.customers)
    minutes = np.array([6.0, 15.0, 8.0])[talks.cause] * rng.lognormal(0.0, 0.6, size)
    return np.where(rng.random(size) < 0.04, np.nan, np.round(minutes, 1))


def _tones(chapter: Chapter, *, talks: Contacts, rng: np.random.Generator) -> Codes:
    is_ordinary = talks.cause == ORDINARY
    is_sore: Flags = chapter.before.experience[talks.customers] > 0.8
    is_let_down: Flags = chapter.before.is_let_down[talks.customers] & is_ordinary
    upset = np.choose(
        talks.cause, [0.03 + 0.37 * is_sore, np.full(len(is_sore), 0.85), 0.3 + 0.35 * talks.follows_rise]
    )
    upset = np.where(is_let_down, 0.9, upset)
    glad = np.where(is_ordinary, np.where(is_sore, 0.1, 0.5), 0.05 * (talks.cause != INCIDENT))
    glad = np.where(is_let_down, 0.02, glad)
    draw = rng.random(len(is_sore))
    return np.where(draw < upset, UPSET, np.where(draw >= 1.0 - glad, GLAD, PLAIN))


def _assembled(chapter: Chapter, versions: Rows) -> pa.Table:
    columns = {
        **versions,
        "interaction_id": numbered(f"I{chapter.month.name}-", versions["number"]),
        "channel": worded(CHANNELS, versions["channel"]),
        "topic": worded(TOPICS, versions["topic"]),
        "text": texts(chapter, versions, is_said=~versions["is_silent"]),
    }
    return assemble(tables.INTERACTIONS, columns)
