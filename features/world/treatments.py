"""The simulated table `treatments`: the arm of each customer in a campaign's trial."""

import json

import numpy as np
import pyarrow as pa

from features import tables
from features.world.arrays import Codes, Floats
from features.world.assembly import assemble, numbered, worded
from features.world.campaigns import ARMS, NOT_IN_TRIAL, PROBABILITIES
from features.world.chapters import Chapter
from features.world.months import Month


def rows(chapter: Chapter) -> pa.Table:
    """One row for each customer in the trial that begins with the month; none in a month without a campaign."""
    return drawn(chapter.month, chapter.arms, np.tile(PROBABILITIES, (len(chapter.arms), 1)))


def drawn(month: Month, arms: Codes, probability: Floats) -> pa.Table:
    """One row for each customer with an arm (an index into ARMS, or NOT_IN_TRIAL), assigned when the month begins.

    probability, shape (n_customers, len(ARMS)), is that of each arm before the draw.
    """
    in_trial = np.flatnonzero(arms != NOT_IN_TRIAL)
    own, chances = arms[in_trial], probability[in_trial]
    assigned_at = np.full(len(in_trial), month.begins)
    kinds, place = np.unique(chances, axis=0, return_inverse=True)
    texts = [json.dumps(dict(zip(ARMS, one, strict=True))) for one in kinds.tolist()]
    columns = {
        "treatment_id": numbered(f"A{month.name}-", np.arange(1, len(in_trial) + 1)),
        "customer_id": in_trial,
        "event_at": assigned_at,
        "known_at": assigned_at,
        "campaign": pa.repeat(month.name, len(in_trial)),
        "action": worded(ARMS, own),
        "probability": chances[np.arange(len(own)), own],
        "probabilities": worded(tuple(texts), place.reshape(-1)),
    }
    return assemble(tables.TREATMENTS, columns)
