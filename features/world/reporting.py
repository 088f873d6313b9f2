"""Reporting delays and later corrections in the simulated data."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.world.arrays import Flags, Floats, Instants
from features.world.months import DAY

Rows = dict[str, NDArray[Any]]


def learnt_at(rng: np.random.Generator, *, event_at: Instants, late_share: float, most_days: float) -> Instants:
    """When each event became known: at once, or for a share of them up to most_days later."""
    is_late = rng.random(len(event_at)) < late_share
    return event_at + np.where(is_late, rng.uniform(0.25, most_days, len(event_at)) * DAY, 0.0).astype(np.int64)


def corrected(rows: Rows, *, chosen: Flags, first: Mapping[str, NDArray[Any]], gap_days: Floats) -> Rows:
    """The rows, followed by corrections of the chosen ones.

    A chosen row is first known with the values of `first`, and gap_days (above 0) later as it is in rows.
    """
    known_first = {name: np.where(chosen, values, rows[name]) for name, values in first.items()}
    known_later = {name: values[chosen] for name, values in rows.items()}
    known_later["known_at"] = known_later["known_at"] + (gap_days[chosen] * DAY).astype(np.int64)
    return {name: np.concatenate([known_first.get(name, values), known_later[name]]) for name, values in rows.items()}
