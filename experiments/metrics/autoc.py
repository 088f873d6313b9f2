"""AUTOC: how much larger than average the effect is among the highest ranked, averaged over all cut-offs."""

import numpy as np

from experiments.metric import Metric, Numbers
from experiments.statistics.poisson import Clusters, Counts
from experiments.statistics.ranking import block_totals, ranked, row_products


def autoc(*, gamma: Numbers, uplift: Numbers, weights: Numbers) -> Numbers:
    """The mean over i of TOC(i/n), the gap between the mean gamma of the top i rows and that of all.

    gamma and uplift have shape (n_rows,), weights (draws, n_rows), whole numbers; returns shape (draws,).
    Tied rows (a row's repetitions too) each take their block's mean g (Yadlowsky et al. 2025, section 2).
    With i0 rows of sum S0 before a block of m, its top-i means sum to m g + (S0 - g i0) (H(i0 + m) - H(i0)),
    H the harmonic numbers; the terms m g cancel against the mean of all. A constant uplift gives exactly 0.
    """
    ranking = ranked(uplift)
    counts = block_totals(ranking, weights)
    gains = block_totals(ranking, weights * gamma)
    ends = np.cumsum(counts, axis=1)
    excess = np.cumsum(gains, axis=1) - gains - gains / np.maximum(counts, 1) * (ends - counts)
    harmonic = np.take(_harmonic(int(ends.max())), ends.astype(np.intp))
    return row_products(excess, np.diff(harmonic, axis=1, prepend=0.0)) / ends[:, -1]


def fast(*, gamma: Numbers, uplift: Numbers, counts: Counts, clusters: Clusters) -> Numbers:
    """The same under many draws of very many rows."""
    from experiments.statistics import kernels

    harmonic = _harmonic(gamma.size * int(counts.max()))
    rows, total = kernels.autoc(*kernels.in_blocks(uplift, gamma, counts=counts, clusters=clusters), harmonic)
    return total / rows


def _harmonic(most: int) -> Numbers:
    """The harmonic number 1 + 1/2 + ... + 1/k of each whole number k from 0 to most; shape (most + 1,)."""
    return np.concatenate(([0.0], np.cumsum(1 / np.arange(1, most + 1))))


METRIC = Metric(
    name="autoc",
    meaning="how much larger than average the effect is among those ranked highest, over all cut-offs",
    better="higher",
    unit="outcomes per customer",
    kind="uplift",
    function=autoc,
    fast=fast,
)
