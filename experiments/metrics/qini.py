"""QINI: the gain of ranking customers by predicted uplift over contacting them at random, averaged over all budgets."""

import numpy as np

from experiments.metric import Metric, Numbers
from experiments.statistics.poisson import Clusters, Counts
from experiments.statistics.ranking import block_totals, ranked, row_products


def qini(*, gamma: Numbers, uplift: Numbers, weights: Numbers) -> Numbers:
    """The area between the gain curve and its chord, in outcomes per customer; not renormalised.

    gamma and uplift have shape (n_rows,), weights (draws, n_rows); returns shape (draws,). It is the sum
    over i of i/n^2 TOC(i/n), tied rows (a row's repetitions too) each taking their block's mean gamma
    (Yadlowsky et al. 2025, section 2). With the surplus C of a block's end, n sum(gamma up to it) - i
    sum(gamma), a block of m rows and own surplus d adds m (C - d/2) / n^3. A constant uplift gives exactly 0.
    """
    ranking = ranked(uplift)
    counts = block_totals(ranking, weights)
    gains = block_totals(ranking, weights * gamma)
    rows: Numbers = counts.sum(axis=1)
    surplus = gains * rows[:, None] - counts * gains.sum(axis=1, keepdims=True)
    return row_products(counts, np.cumsum(surplus, axis=1) - surplus / 2) / rows**3


def fast(*, gamma: Numbers, uplift: Numbers, counts: Counts, clusters: Clusters) -> Numbers:
    """The same under many draws of very many rows: the area under the gain curve less that under its chord."""
    from experiments.statistics import kernels

    rows, gains, area = kernels.qini(*kernels.in_blocks(uplift, gamma, counts=counts, clusters=clusters))
    return (area - gains * rows / 2) / rows**2


METRIC = Metric(
    name="qini",
    meaning="what ranking by predicted uplift gains over contacting at random, averaged over all budgets",
    better="higher",
    unit="outcomes per customer",
    kind="uplift",
    function=qini,
    fast=fast,
)
