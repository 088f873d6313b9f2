"""AUC: the probability that a customer who left has a higher score than one who stayed."""

import numpy as np

from experiments.metric import Metric, Numbers
from experiments.statistics.poisson import Clusters, Counts
from experiments.statistics.ranking import block_totals, ranked, row_products


def auc(*, truth: Numbers, score: Numbers, weights: Numbers) -> Numbers:
    """The Mann-Whitney probability that a positive outranks a negative, ties counted one half; in [0, 1].

    truth and score have shape (n_rows,), weights (draws, n_rows); returns shape (draws,).
    """
    ranking = ranked(score)
    positives = block_totals(ranking, weights * truth)
    negatives = block_totals(ranking, weights) - positives
    outranked = row_products(positives, np.cumsum(negatives, axis=1) - negatives / 2)
    pairs: Numbers = positives.sum(axis=1) * negatives.sum(axis=1)
    return 1 - outranked / pairs


def fast(*, truth: Numbers, score: Numbers, counts: Counts, clusters: Clusters) -> Numbers:
    """The same under many draws of very many rows."""
    from experiments.statistics import kernels

    outranked, positives, negatives = kernels.auc(*kernels.in_blocks(score, truth, counts=counts, clusters=clusters))
    return 1 - outranked / (positives * negatives)


METRIC = Metric(
    name="auc",
    meaning="how often a customer who left was scored above one who stayed",
    better="higher",
    unit="share",
    kind="rank",
    function=auc,
    fast=fast,
    within_classes=True,
)
