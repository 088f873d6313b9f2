import numpy as np
import pytest
from empulse.metrics import mpc_score

from experiments.metric import Numbers, evaluate
from experiments.metrics.expected_profit import Campaign
from experiments.metrics.maximum_profit import METRIC, maximum_profit_of


def by_definition(truth: Numbers, score: Numbers) -> float:
    """Try every cut: 30 % of the leavers above it are kept, each worth 190; a contact costs 1, a gift 10."""
    profits = [0.0]
    for cut in set(score):
        reached = truth[score >= cut]
        leavers, stayers = reached.sum(), (1 - reached).sum()
        profits.append((0.3 * leavers * (200 - 10) - 1 * leavers - (10 + 1) * stayers) / len(truth))
    return float(max(profits))


def test_the_recorded_number() -> None:
    score = np.array([0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5, 0.4, 0.35, 0.3, 0.2, 0.1])
    truth = np.array([1.0, 1, 0, 1, 0, 1, 0, 0, 1, 0, 0, 0])
    assert evaluate(METRIC, truth, score) == pytest.approx(19.6666666667, abs=1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_it_equals_empulse(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth, score = (rng.random(300) < 0.3).astype(float), np.round(rng.random(300), 2)
    worth, offer, contact, alpha, beta = rng.uniform([50, 1, 0, 2, 5], [500, 20, 3, 10, 20])
    campaign = Campaign(lifetime_value=worth, offer_cost=offer, contact_cost=contact, alpha=alpha, beta=beta)
    theirs = mpc_score(
        truth, score, accept_rate=alpha / (alpha + beta), clv=worth, incentive_cost=offer, contact_cost=contact
    )
    assert evaluate(maximum_profit_of(campaign), truth, score) == pytest.approx(theirs, rel=1e-6, abs=1e-6)
