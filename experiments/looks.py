"""How often one cohort may be asked: each look spends a part of alpha, and all looks together never more than it."""

from features.errors import MetricError


def spent(alpha: float, *, look: int) -> float:
    """What the look-th comparison on one cohort spends of alpha in (0, 1): alpha / (look (look + 1)).

    The parts of all looks 1, 2, ... sum to alpha (1/(k(k+1)) = 1/k - 1/(k+1)), so by Bonferroni the chance that any
    of them finds a worthless challenger better is at most alpha, however many there are and however they depend on
    each other. Raises MetricError for a look below 1.
    """
    if look < 1:
        raise MetricError(f"look {look} of a cohort: looks are counted from 1.")
    return alpha / (look * (look + 1))
