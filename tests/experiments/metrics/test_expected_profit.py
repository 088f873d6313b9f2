from itertools import combinations, pairwise

import numpy as np
import pytest
from empulse.metrics import empc_score
from scipy.special import betainc

from experiments.metric import Numbers, evaluate
from experiments.metrics.expected_profit import METRIC, Campaign, expected_profit_of
from features.errors import MetricError


def by_definition(truth: Numbers, score: Numbers) -> float:
    """Between acceptance rates at which two cuts earn alike, try all cuts and integrate the best one's profit."""
    n_rows = len(truth)
    lines = [(0.0, 0.0)]
    for cut in set(score):
        leavers, stayers = truth[score >= cut].sum() / n_rows, (1 - truth[score >= cut]).sum() / n_rows
        lines.append((190 * leavers, -1 * leavers - 11 * stayers))
    turns = {(b - d) / (c - a) for (a, b), (c, d) in combinations(lines, 2) if a != c}
    bounds = [0.0, *sorted(turn for turn in turns if 0 < turn < 1), 1.0]
    profit = 0.0
    for low, high in pairwise(bounds):
        middle = (low + high) / 2
        profits = {slope * middle + start: (slope, start) for slope, start in lines}
        slope, start = profits[max(profits)]
        profit += start * (betainc(6, 14, high) - betainc(6, 14, low))
        profit += slope * 0.3 * (betainc(7, 14, high) - betainc(7, 14, low))
    return float(profit)


def test_the_recorded_number() -> None:
    score = np.array([0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5, 0.4, 0.35, 0.3, 0.2, 0.1])
    truth = np.array([1.0, 1, 0, 1, 0, 1, 0, 0, 1, 0, 0, 0])
    assert evaluate(METRIC, truth, score) == pytest.approx(19.6739203997, abs=1e-10)


def test_with_a_rate_all_but_known_it_is_the_profit_of_the_best_cut() -> None:
    """g is 1/2 for sure: keeping a leaver brings 50 - 10 - 1 or costs 1, so 19 on average; a stayer costs 11."""
    metric = expected_profit_of(Campaign(lifetime_value=50, alpha=5e7, beta=5e7))
    truth, score = np.array([1.0, 0, 1, 0, 0]), np.array([5.0, 4, 3, 2, 1])
    assert evaluate(metric, truth, score) == pytest.approx((19 - 11 + 19) / 5, abs=1e-3)


def test_a_customer_worth_less_than_the_campaign_is_refused() -> None:
    with pytest.raises(MetricError, match="nothing could be earned"):
        Campaign(lifetime_value=10, offer_cost=10)


@pytest.mark.parametrize("seed", range(20))
def test_it_equals_empulse(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth, score = (rng.random(300) < 0.3).astype(float), np.round(rng.random(300), 2)
    worth, offer, contact, alpha, beta = rng.uniform([50, 1, 0, 2, 5], [500, 20, 3, 10, 20])
    campaign = Campaign(lifetime_value=worth, offer_cost=offer, contact_cost=contact, alpha=alpha, beta=beta)
    theirs = empc_score(truth, score, alpha=alpha, beta=beta, clv=worth, incentive_cost=offer, contact_cost=contact)
    assert evaluate(expected_profit_of(campaign), truth, score) == pytest.approx(theirs, rel=1e-6, abs=1e-6)
