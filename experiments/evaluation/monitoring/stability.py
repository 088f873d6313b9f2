"""The population stability index beyond chance, with its interval, and how likely it is where nothing has changed."""

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, ndtri

from experiments.evaluation.monitoring.distribution import Distribution
from experiments.metric import Numbers

# Bins of fewer expected rows are put together, as for Pearson's test (Cochran 1954).
FEWEST_EXPECTED = 5.0
SMOOTHING = 0.5
REACH = float(ndtri(0.975))


@dataclass(frozen=True)
class Stability:
    """The index less what chance makes of it, its 95 % interval, and the chance of such counts without a change."""

    value: float
    low: float
    high: float
    p: float


UNCHANGED = Stability(0.0, 0.0, 0.0, 1.0)


def stability(today: Distribution, known: Distribution) -> Stability:
    """The index of today's shares p against known shares q, sum of (p - q) ln(p / q), over the rows with a value.

    Of n and m independent rows and k bins it is (k - 1)(1/n + 1/m) on average where nothing has changed (Yurdakul &
    Naranjo 2020), which is taken off. p is that of Pearson's test of equal shares. The interval is that of the delta
    method, its variance never less than 2 (k - 1)(1/n + 1/m)^2, that of no change. Too few rows show no change.
    """
    n, m = today.known * today.worth, known.known * known.worth
    if min(n, m) < 2 * FEWEST_EXPECTED:
        return UNCHANGED
    a, b = _together(today.counts * today.worth, known.counts * known.worth)
    bins = a.size
    if bins < 2:
        return UNCHANGED
    p, q = (a + SMOOTHING) / (n + SMOOTHING * bins), (b + SMOOTHING) / (m + SMOOTHING * bins)
    ratio, noise = np.log(p / q), 1 / n + 1 / m
    value = float(((p - q) * ratio).sum()) - (bins - 1) * noise
    variance = _variance(ratio + 1 - q / p, p) / n + _variance(-ratio + 1 - p / q, q) / m
    error = float(np.sqrt(max(variance, 2 * (bins - 1) * noise**2)))
    pearson = float(((a * np.sqrt(m / n) - b * np.sqrt(n / m)) ** 2 / (a + b)).sum())
    return Stability(value, value - REACH * error, value + REACH * error, float(chdtrc(bins - 1, pearson)))


def _together(a: Numbers, b: Numbers) -> tuple[Numbers, Numbers]:
    """The counts, with bins of few expected rows as one; where these are few too, with the smallest of the others."""
    pooled = a + b
    expected = pooled * min(a.sum(), b.sum()) / pooled.sum()
    small = expected < FEWEST_EXPECTED
    if not small.any():
        return a, b
    if 0 < expected[small].sum() < FEWEST_EXPECTED and not small.all():
        small = small | (expected == expected[~small].min())
    kept = [np.append(one[~small], one[small].sum()) for one in (a, b)]
    there = kept[0] + kept[1] > 0
    return kept[0][there], kept[1][there]


def _variance(gradient: Numbers, share: Numbers) -> float:
    mean = float(share @ gradient)
    return float(share @ (gradient - mean) ** 2)
