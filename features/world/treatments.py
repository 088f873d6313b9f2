"""The simulated table `treatments`: the arm of each customer in a campaign's trial."""

import json

import numpy as np
import pyarrow as pa

from features import tables
from features.world.assembly import assemble, numbered, worded
from features.world.campaigns import ARMS, NOT_IN_TRIAL, PROBABILITIES
from features.world.chapters import Chapter


def rows(chapter: Chapter) -> pa.Table:
    """One row for each customer in the trial that begins with the month; none in a month without a campaign."""
    in_trial = np.flatnonzero(chapter.arms != NOT_IN_TRIAL)
    arms, assigned_at = chapter.arms[in_trial], np.full(len(in_trial), chapter.month.begins)
    columns = {
        "treatment_id": numbered(f"A{chapter.month.name}-", np.arange(1, len(in_trial) + 1)),
        "customer_id": in_trial,
        "event_at": assigned_at,
        "known_at": assigned_at,
        "campaign": pa.repeat(chapter.month.name, len(in_trial)),
        "action": worded(ARMS, arms),
        "probability": np.array(PROBABILITIES)[arms],
        "probabilities": pa.repeat(json.dumps(dict(zip(ARMS, PROBABILITIES, strict=True))), len(in_trial)),
    }
    return assemble(tables.TREATMENTS, columns)
