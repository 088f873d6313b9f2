"""Holm's correction for multiple tests: the chance of any false rejection stays at alpha."""

from collections.abc import Sequence


def rejected(p_values: Sequence[float], *, alpha: float) -> tuple[bool, ...]:
    """Which hypotheses Holm's step-down procedure rejects, in the order of p_values in [0, 1].

    The smallest p-value is held against alpha / m, the next against alpha / (m - 1), and so on; the first that is
    larger than its limit ends it (Holm 1979). The chance of rejecting any true hypothesis is at most alpha.
    """
    found = [False] * len(p_values)
    for step, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        if p_values[place] > alpha / (len(p_values) - step):
            break
        found[place] = True
    return tuple(found)
