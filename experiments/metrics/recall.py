"""Recall at the contact budget: the share of all leavers who are among the highest scores."""

import numpy as np

from experiments.metric import Metric, Numbers
from experiments.statistics.ranking import block_totals, ranked, row_products
from features.errors import MetricError


def recalled(*, truth: Numbers, score: Numbers, weights: Numbers, share: float) -> Numbers:
    """The share of positives within the top `share` of the rows, in [0, 1].

    truth and score have shape (n_rows,), weights (draws, n_rows); returns shape (draws,). The cut lies at
    exactly share times the rows, within a row if need be; a block of tied rows at the cut gives its mean.
    """
    ranking = ranked(score)
    counts = block_totals(ranking, weights)
    positives = block_totals(ranking, weights * truth)
    room = share * counts.sum(axis=1, keepdims=True) - (np.cumsum(counts, axis=1) - counts)
    taken = np.clip(room, 0, counts) / np.maximum(counts, 1)
    share_found: Numbers = row_products(positives, taken) / positives.sum(axis=1)
    return share_found


def recall_at(share: float) -> Metric:
    """Recall when the top `share` of customers, in (0, 1], is contacted. Raises MetricError for another share."""
    if not 0 < share <= 1:
        raise MetricError(f"metric 'recall': the contact share is {share}; it must be above 0 and at most 1.")

    def recall(*, truth: Numbers, score: Numbers, weights: Numbers) -> Numbers:
        return recalled(truth=truth, score=score, weights=weights, share=share)

    return Metric(
        name="recall",
        meaning=f"the share of all leavers found in the top {share:.0%} of the list",
        better="higher",
        unit="share",
        kind="rank",
        function=recall,
    )


METRIC = recall_at(0.1)
