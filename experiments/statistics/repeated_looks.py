"""Alpha spending over repeated comparisons: new customers add alpha, each comparison spends part of the rest."""

from collections.abc import Iterable
from dataclasses import dataclass

from features.errors import MetricError


@dataclass(frozen=True)
class Earned:
    """The alpha that new customers added, and how many comparisons (`looks`) have drawn on it, this one included."""

    alpha: float
    looks: int


def spent(alpha: float, *, look: int) -> float:
    """The alpha that the look-th comparison on the same customers spends of alpha in (0, 1): alpha / (look (look + 1)).

    The parts of all looks 1, 2, ... sum to alpha (1/(k(k+1)) = 1/k - 1/(k+1)), so by Bonferroni the chance that any
    of them finds a worthless challenger better is at most alpha, however many there are and however they depend on
    each other. Raises MetricError for a look below 1.
    """
    if look < 1:
        raise MetricError(f"look {look} of a cohort: looks are counted from 1.")
    return alpha / (look * (look + 1))


def spendable(earned: Iterable[Earned], *, most: float) -> float:
    """The alpha that a comparison may spend: from each portion added, the part for that many looks; at most `most`.

    All comparisons together spend no more than all customers brought.
    """
    return min(most, sum(spent(one.alpha, look=one.looks) for one in earned))
