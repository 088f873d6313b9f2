"""Lift at the contact budget: the churn rate among the highest scores, divided by that of all customers."""

from experiments.metric import Metric, Numbers
from experiments.metrics.recall import recalled
from features.errors import MetricError


def lift_at(share: float) -> Metric:
    """Lift when the top `share` of customers, in (0, 1], is contacted. Raises MetricError for another share.

    It is recall over share: the churn rate of the top over that of all; tied rows at the cut as in recall.
    """
    if not 0 < share <= 1:
        raise MetricError(f"metric 'lift': the contact share is {share}; it must be above 0 and at most 1.")

    def lift(*, truth: Numbers, score: Numbers, weights: Numbers) -> Numbers:
        return recalled(truth=truth, score=score, weights=weights, share=share) / share

    return Metric(
        name="lift",
        meaning=f"the churn rate in the top {share:.0%} of the list over that of all",
        better="higher",
        unit="times",
        kind="rank",
        function=lift,
    )


METRIC = lift_at(0.1)
