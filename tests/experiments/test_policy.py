from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.intervals import estimate, multiplicities
from experiments.metric import Numbers
from experiments.metrics.policy_value import METRIC as POLICY_VALUE
from experiments.policy import (
    NOBODY,
    Choice,
    choose,
    comparisons,
    contacts,
    contacts_within,
    everybody,
    highest_risk_first,
    nobody,
    realised,
    realised_at_random,
)
from features.errors import MetricError

small = settings(max_examples=60, deadline=None, database=None, derandomize=True)

UPLIFT = np.array([[0.10, 0.20], [0.02, 0.10], [-0.10, 0.0], [0.30, 0.31], [0.50, 0.50]])
VALUE = np.array([100.0, 100, 100, 100, -100])
COST = np.array([1.0, 5.0])
IDS = np.array(["e", "d", "c", "b", "a"])


def predicted(choice: Choice, uplift: Numbers, value: Numbers, cost: Numbers) -> float:
    return float(sum(value[i] * uplift[i, a] - cost[a] for i, a in enumerate(choice) if a != NOBODY))


def test_a_case_worked_by_hand() -> None:
    """Net values: (9, 15), (1, 5), (-11, -5), (29, 26), and the last customer costs money when kept."""
    choice = choose(uplift=UPLIFT, value=VALUE, cost=COST, budget_share=1, ids=IDS)
    assert choice.tolist() == [1, 1, NOBODY, 0, NOBODY]
    choice = choose(uplift=UPLIFT, value=VALUE, cost=COST, budget_share=0.4, ids=IDS)
    assert choice.tolist() == [1, NOBODY, NOBODY, 0, NOBODY]


@st.composite
def campaigns(draw: st.DrawFn) -> tuple[Numbers, Numbers, Numbers, float]:
    n_rows = draw(st.integers(1, 4))
    eighths = st.integers(-4, 4).map(lambda number: number / 8)
    uplift = np.array(draw(st.lists(st.tuples(eighths, eighths), min_size=n_rows, max_size=n_rows)))
    value = np.array(draw(st.lists(st.integers(-1, 4), min_size=n_rows, max_size=n_rows)), dtype=np.float64)
    return uplift, value, np.array([0.25, draw(st.integers(0, 2)) / 4]), draw(st.sampled_from([0.0, 0.3, 0.5, 1.0]))


@small
@given(campaign=campaigns())
def test_no_other_choice_within_the_budget_promises_more(campaign: tuple[Numbers, Numbers, Numbers, float]) -> None:
    uplift, value, cost, share = campaign
    choice = choose(uplift=uplift, value=value, cost=cost, budget_share=share, ids=np.arange(value.size))
    allowed = [
        np.array(other)
        for other in product([NOBODY, 0, 1], repeat=value.size)
        if sum(a != NOBODY for a in other) <= share * value.size
        and all(a == NOBODY or worth >= 0 for a, worth in zip(other, value, strict=True))
    ]
    assert contacts(choice) <= share * value.size
    assert predicted(choice, uplift, value, cost) == max(predicted(other, uplift, value, cost) for other in allowed)


@small
@given(order=st.permutations(range(8)), budget=st.sampled_from([0.25, 0.5, 0.625]))
def test_ties_are_broken_by_id_whatever_the_order_of_rows(order: list[int], budget: float) -> None:
    ids = np.array([f"customer {number}" for number in range(8)])
    terms = {"value": np.ones(8), "cost": np.zeros(1), "budget_share": budget}
    choice = choose(uplift=np.full((8, 1), 0.1), ids=ids[order], **terms)  # type: ignore[arg-type]
    assert sorted(ids[order][choice == 0]) == ids[: int(8 * budget)].tolist()
    by_risk = highest_risk_first(risk=np.ones(8), action=0, n_contacts=3, ids=ids[order])
    assert sorted(ids[order][by_risk == 0]) == ids[:3].tolist()


def test_a_contact_that_earns_nothing_is_not_made() -> None:
    choice = choose(
        uplift=np.array([[0.1], [0.2]]),
        value=np.array([10.0, 0]),
        cost=np.array([1.0]),
        budget_share=1,
        ids=np.arange(2),
    )
    assert choice.tolist() == [NOBODY, NOBODY]


@pytest.mark.parametrize(("share", "n_rows", "expected"), [(0.29, 100, 29), (0.2, 7, 1), (0, 9, 0), (1, 9, 9)])
def test_the_budget_is_a_share_rounded_down(share: float, n_rows: int, expected: int) -> None:
    assert contacts_within(share, n_rows) == expected


def test_what_does_not_fit_is_refused() -> None:
    terms = {"uplift": UPLIFT, "value": VALUE, "cost": COST, "budget_share": 0.5, "ids": IDS}
    for change, words in (
        ({"budget_share": 1.2}, "budget share is 1.2"),
        ({"cost": COST[:1]}, "does not fit"),
        ({"uplift": UPLIFT * np.nan}, "missing"),
    ):
        with pytest.raises(MetricError, match=words):
            choose(**(terms | change))  # type: ignore[arg-type]


def test_what_a_choice_earned_row_by_row() -> None:
    gamma = np.array([[1.0, -2.0], [0.5, 3.0], [0.0, -1.0]])
    terms = {"gamma": gamma, "value": np.array([10.0, 20.0, 30.0]), "cost": np.array([1.0, 2.0])}
    assert realised(np.array([1, 0, NOBODY]), **terms).tolist() == [-22, 9, 0]
    assert realised(nobody(3), **terms).tolist() == [0, 0, 0]
    assert realised(everybody(3, 0), **terms).tolist() == [9, 9, -1]


def test_random_contacts_earn_the_mean_over_all_ways_to_draw_them() -> None:
    rng = np.random.default_rng(0)
    terms = {"gamma": rng.normal(size=(6, 2)), "value": rng.random(6), "cost": np.array([0.1, 0.2])}
    draws = [np.isin(np.arange(6), drawn) for drawn in combinations(range(6), 2)]
    expected = np.mean([realised(np.where(drawn, 1, NOBODY), **terms) for drawn in draws], axis=0)
    np.testing.assert_allclose(realised_at_random(action=1, n_contacts=2, **terms), expected, atol=1e-12)


def test_among_sleeping_dogs_risk_loses_money_uplift_earns_and_the_intervals_say_so() -> None:
    """Those likeliest to leave leave because they are called; those in the middle can be won."""
    rng = np.random.default_rng(1)
    risk = rng.random(4000)
    effect = np.where(risk > 0.7, -0.3, 0.2)
    gamma = (effect + rng.normal(size=4000))[:, None]
    terms = {"gamma": gamma, "value": np.full(4000, 50.0), "cost": np.array([1.0])}
    choice = choose(
        uplift=effect[:, None], value=terms["value"], cost=terms["cost"], budget_share=0.2, ids=np.arange(4000)
    )
    others = comparisons(choice=choice, risk=risk, action=0, ids=np.arange(4000), **terms)
    assert list(others) == ["treat_none", "treat_all", "random", "highest_risk_first"]
    counts = multiplicities(n_clusters=4000, draws=200, seed=0)
    ours = realised(choice, **terms)
    assert contacts(choice) == 800
    assert estimate(POLICY_VALUE, others["highest_risk_first"], counts=counts).interval().high < 0
    earned = {name: estimate(POLICY_VALUE, one, counts=counts) for name, one in {**others, "ours": ours}.items()}
    gained = {name: (earned["ours"] - one).interval() for name, one in earned.items()}
    assert gained["treat_none"].value == pytest.approx(ours.mean())
    assert gained["highest_risk_first"].low > 0
    assert gained["random"].low > 0
    assert gained["ours"].high == 0
