"""Risk cuts by profit: the curve against brute force, the best of all cuts, and laws of the two levels."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.metrics.expected_profit import Campaign
from experiments.metrics.maximum_profit import maximum_profit_of
from experiments.money import cuts
from experiments.money.cuts import Offer
from experiments.sections.evaluation import CampaignSpec

shares = st.floats(0, 1).map(lambda x: round(x, 3))
customers = st.lists(st.tuples(shares, st.integers(0, 1), st.sampled_from([0.5, 1.0, 3.0])), min_size=1, max_size=30)
campaigns = st.builds(
    CampaignSpec,
    lifetime_value=st.floats(60, 900),
    offer_cost=st.floats(0, 40),
    contact_cost=st.floats(0, 15),
    alpha=st.floats(0.5, 20),
    beta=st.floats(0.5, 20),
)


def arrays(rows: list[tuple[float, int, float]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    probability, churned, weights = (np.array(each, dtype=float) for each in zip(*rows, strict=True))
    return probability, churned, weights


@given(customers, campaigns, st.lists(shares, min_size=1, max_size=5))
def test_the_curve_is_what_one_adds_up_customer_by_customer(rows, campaign: CampaignSpec, asked: list[float]) -> None:
    share = campaign.alpha / (campaign.alpha + campaign.beta)
    offer = Offer.of(campaign)
    probability, churned, weights = arrays(rows)
    found = cuts.profits(np.array(asked), probability, offer.earned(churned), weights)
    for cut, profit in zip(asked, found, strict=True):
        total = 0.0
        for p, left, weight in rows:
            if p >= cut:
                total -= weight * campaign.contact_cost
                taken = share if left else 1.0
                total -= weight * taken * campaign.offer_cost
                total += weight * share * campaign.lifetime_value if left else 0.0
        assert profit == pytest.approx(total / sum(weight for *_, weight in rows), abs=1e-9)


@given(customers, campaigns)
def test_no_cut_earns_more_than_the_best_and_none_as_good_contacts_fewer(rows, campaign: CampaignSpec) -> None:
    probability, churned, weights = arrays(rows)
    earned = Offer.of(campaign).earned(churned)
    best = cuts.best(probability, earned, weights)
    of_all = cuts.profits(cuts.grid(), probability, earned, weights)
    (own,) = cuts.profits(np.array([best]), probability, earned, weights)
    assert own == pytest.approx(of_all.max(), abs=1e-9)
    assert (of_all[cuts.grid() > best] < own).all() or best == 1.0
    # The grid has every probability of these rows: it is the maximum profit of the ranking itself, or nobody's.
    metric = maximum_profit_of(Campaign(**campaign.model_dump()))
    above = probability > 0
    if above.any() and (probability < 1).all() and own >= 0 and probability.min() > 0:
        highest = metric.function(truth=churned, score=probability, weights=weights[None])
        assert own == pytest.approx(float(highest[0]), abs=1e-9)


@given(customers, campaigns)
def test_medium_is_never_above_high(rows, campaign: CampaignSpec) -> None:
    probability, churned, weights = arrays(rows)
    medium, high = cuts.derived(probability=probability, churned=churned, weights=weights, campaign=campaign)
    assert 0 < medium <= high <= 1


@given(customers, campaigns)
def test_the_more_a_contact_costs_the_higher_the_cut(rows, campaign: CampaignSpec) -> None:
    probability, churned, weights = arrays(rows)
    found = []
    for cost in (0.0, 5.0, 20.0, 60.0):
        dearer = campaign.model_copy(update={"contact_cost": cost})
        found.append(cuts.best(probability, Offer.of(dearer).earned(churned), weights))
    assert all(low <= high for low, high in pairwise(found))


def test_of_true_probabilities_the_best_cut_is_where_a_contact_pays() -> None:
    """p * leaver + (1 - p) * stayer = 0; over 20 worlds of 20,000 customers the mean is within 3 standard errors."""
    campaign = CampaignSpec(lifetime_value=100, offer_cost=10, contact_cost=2, alpha=6, beta=14)
    offer = Offer.of(campaign)
    pays = -offer.stayer / (offer.leaver - offer.stayer)
    assert pays == pytest.approx(12 / (0.3 * 90 - 2 + 12))
    lost = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        p = rng.beta(1.2, 4.0, 20_000)
        churned = (rng.random(20_000) < p).astype(float)
        best = cuts.best(p, offer.earned(churned), np.ones(20_000))
        # What the cut loses against the one that pays, by the true probabilities.
        truly = p * offer.leaver + (1 - p) * offer.stayer
        lost.append((truly * (p >= pays)).mean() - (truly * (p >= best)).mean())
        assert abs(best - pays) < 0.12
    assert np.mean(lost) < 0.03 * (truly * (p >= pays)).mean()


def test_where_no_contact_pays_nobody_is_high() -> None:
    dear = CampaignSpec(lifetime_value=100, offer_cost=50, contact_cost=40)
    p, churned = np.array([0.2, 0.4, 0.9]), np.array([0.0, 1.0, 1.0])
    assert cuts.derived(probability=p, churned=churned, weights=np.ones(3), campaign=dear)[1] == 1.0
