"""Learning rates of a draft of boosted trees: after a while it learns faster, so that long fits cost less.

What 2,000 rounds at a rate of 0.05 move, a draft moves in 883. What that costs in CPU, and does to the order of
candidates, is measured in docs/decisions/0035. How far a draft came is told in rounds at its own rate: those that would
have moved as far.
"""

from collections.abc import Sequence
from math import ceil

import numpy as np

from experiments.metric import Numbers
from experiments.statistics import rounding

# So many rounds keep the rate; after twice as many it is twice as high, and so on, up to the highest.
UNCHANGED = 200
HIGHEST = 0.2
STEP = 20  # rounds in a row with one rate: changing it takes time


def rates(rate: float, rounds: float) -> list[float]:
    """The rate of each round of a draft that moves as far as `rounds` rounds at `rate`, or a part of a round further.

    Up to UNCHANGED, rounds are rounded. A rate above HIGHEST stays as it is.
    """
    asked = rounds if rounds > UNCHANGED else max(1, round(rounds))
    faster = _rates(rate, ceil(asked))
    enough = int(np.searchsorted(rounding.figures(np.cumsum(faster) / rate), asked)) + 1
    return [float(one) for one in faster[:enough]]


def equal_rounds(used: Sequence[float]) -> float:
    """How many rounds at the first rate move as far as rounds with these rates, the first of a draft's."""
    return rounding.figure(sum(used) / used[0])


def _rates(rate: float, n_rounds: int) -> Numbers:
    begun = np.arange(n_rounds) // STEP * STEP
    return np.minimum(rate * np.maximum(begun / UNCHANGED, 1.0), max(rate, HIGHEST))
