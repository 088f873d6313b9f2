"""Maximum profit: what the best cut-off of this churn score would earn per customer, at a known acceptance rate."""

import numpy as np

from experiments.metric import Metric, Numbers
from experiments.metrics.expected_profit import Campaign
from experiments.statistics.ranking import block_totals, ranked


def maximum_profit_of(campaign: Campaign) -> Metric:
    """The maximum profit (MPC) of a churn score (Verbraken, Verbeke & Baesens 2013, section 3).

    The share of leavers who take the offer is the mean of the campaign's, alpha / (alpha + beta). Contacting nobody
    earns 0, so it is never negative. The score matters through its order alone; tied rows are contacted together.
    """

    def maximum_profit(*, truth: Numbers, score: Numbers, weights: Numbers) -> Numbers:
        ranking = ranked(score)
        contacts = np.cumsum(block_totals(ranking, weights), axis=1)
        leavers = np.cumsum(block_totals(ranking, weights * truth), axis=1)
        profit = campaign.kept_worth * leavers - campaign.offer_cost * (contacts - leavers)
        profit -= campaign.contact_cost * contacts
        best: Numbers = np.maximum(profit.max(axis=1), 0.0) / weights.sum(axis=1)
        return best

    return Metric(
        name="maximum_profit",
        meaning=f"what the best campaign by this score earns per customer when {campaign.accepted:.0%} of those who "
        f"would leave take the offer, one kept worth {campaign.lifetime_value:g}",
        better="higher",
        unit="currency per customer",
        kind="rank",
        function=maximum_profit,
    )


METRIC = maximum_profit_of(Campaign())
