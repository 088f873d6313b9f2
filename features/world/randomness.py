"""Random generators of the simulation: one for each seed, month and purpose.

No draw depends on how many months are simulated, so that a longer world begins with the shorter one.
"""

from enum import IntEnum

import numpy as np


class Stream(IntEnum):
    """The purpose of a generator; the numbers must never change."""

    FOUNDERS = 1
    PAST = 2
    NEWCOMERS = 3
    HIDDEN = 4
    LEAVING = 5
    CAMPAIGN = 6
    CONTRACTS = 7
    USAGE = 8
    TRANSACTIONS = 9
    CONTACTS = 10
    INTERACTIONS = 11
    SURVEYS = 12
    MILESTONES = 13
    COMMENTS = 14


def generator(*, seed: int, month: int, stream: Stream, block: int = 0) -> np.random.Generator:
    """The generator of one purpose in one month; block distinguishes parts of the same purpose."""
    return np.random.default_rng([seed, month, int(stream), block])
