from itertools import combinations

import numpy as np

from experiments.metrics.policy_value import METRIC as POLICY_VALUE
from experiments.money.limits import UNLIMITED, Limits
from experiments.money.policy import NOBODY, choose, contacts, realised
from experiments.money.simple_policies import at_random, comparisons, everybody, expected, highest_risk_first
from experiments.statistics.intervals import estimate, multiplicities

FREE = np.array([True, True, False, True, True, True])


def test_random_contacts_earn_the_mean_over_all_ways_to_draw_them() -> None:
    rng = np.random.default_rng(0)
    terms = {"gamma": rng.normal(size=(6, 2)), "value": rng.random(6), "cost": np.array([0.1, 0.2])}
    draws = [np.isin(np.arange(6), drawn) for drawn in combinations(np.flatnonzero(FREE), 2)]
    for mix in (np.array([0.0, 1.0]), np.array([0.25, 0.75])):
        each = [sum(share * realised(np.where(drawn, action, NOBODY), **terms) for action, share in enumerate(mix))
            for drawn in draws]  # fmt: skip
        found = expected(at_random(n_contacts=2, may_contact=FREE), mix=mix, **terms)
        np.testing.assert_allclose(found, np.mean(each, axis=0), atol=1e-12)


def test_the_highest_risk_comes_first_ties_by_id_and_nobody_who_must_not_be_contacted() -> None:
    risk, ids = np.array([0.1, 0.9, 0.99, 0.5, 0.5, 0.5]), np.array(["f", "e", "d", "c", "b", "a"])
    chosen = highest_risk_first(risk=risk, n_contacts=3, ids=ids, may_contact=FREE)
    assert chosen.tolist() == [0, 1, 0, 0, 1, 1]
    assert everybody(FREE).tolist() == [1, 1, 0, 1, 1, 1]
    assert at_random(n_contacts=9, may_contact=FREE).tolist() == [1, 1, 0, 1, 1, 1]
    assert not at_random(n_contacts=2, may_contact=~FREE & FREE).any()


def test_among_sleeping_dogs_risk_loses_money_uplift_earns_and_the_intervals_say_so() -> None:
    """Those likeliest to leave leave because they are called; those in the middle can be won."""
    rng = np.random.default_rng(1)
    risk = rng.random(4000)
    effect = np.where(risk > 0.7, -0.3, 0.2)
    gamma = (effect + rng.normal(size=4000))[:, None]
    terms = {"value": np.full(4000, 50.0), "cost": np.array([1.0]), "ids": np.arange(4000)}
    choice = choose(uplift=effect[:, None], limits=Limits(800, (UNLIMITED,)), **terms)
    others = comparisons(
        mix=np.ones(1), n_contacts=contacts(choice), risk=risk, gamma=gamma, may_contact=np.full(4000, True), **terms
    )
    assert list(others) == ["treat_none", "treat_all", "random", "highest_risk_first"]
    counts = multiplicities(n_clusters=4000, draws=200, seed=0)
    ours = realised(choice, gamma=gamma, value=terms["value"], cost=terms["cost"])
    assert contacts(choice) == 800
    assert estimate(POLICY_VALUE, others["highest_risk_first"], counts=counts).interval().high < 0
    earned = {name: estimate(POLICY_VALUE, one, counts=counts) for name, one in {**others, "ours": ours}.items()}
    gained = {name: (earned["ours"] - one).interval() for name, one in earned.items()}
    assert gained["treat_none"].value == ours.mean()
    assert gained["highest_risk_first"].low > 0
    assert gained["random"].low > 0
    assert gained["ours"].high == 0
