"""Claims held together: no action without effect gets a word more often than promised, and real effects keep theirs."""

from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from experiments.evaluation.claims import ALPHA, family, name, with_claims
from tests.experiments.claim_worlds import established, report


def figure(value: float, error: float = 1.0) -> dict[str, float]:
    return {"value": value, "standard_error": error, "low": value - 1.96 * error, "high": value + 1.96 * error}


def found(**z: float) -> dict[str, Any]:
    """A report of one action whose figures lie so many standard errors from no difference; 0 unless said."""
    got = {"effect": 0.0, "spent": 0.0, "ranking": 0.0, "advice": 0.0, "rival": 0.0, "contact": 0.0, **z}
    return {
        "uplift": {
            "trial": {"call": figure(got["effect"])},
            "outcomes": {"spent": {"trial": {"call": figure(got["spent"])}}},
            "actions": {"call": {"figures": {"qini": figure(got["ranking"])}}},
        },
        "policy": {
            "value": figure(got["advice"]),
            "against": {
                "treat_none": {"advantage": figure(got["advice"])},
                "random_call": {"advantage": figure(got["rival"])},
            },
            "break_even": {"call": {"cost": 3.0, **figure(3.0 + got["contact"])}},
        },
    }


def test_everything_that_gets_a_word_is_of_the_family_once() -> None:
    names = [one.name for one in family(found())]
    assert names == [
        "effect: call",
        "outcome: spent, call",
        "ranking: call",
        "advice: policy",
        "rival: random_call",
        "contact: call",
    ]


def test_a_case_worked_by_hand() -> None:
    """Of six, the smallest p is asked to be below 0.05/6 = 0.0083, the next below 0.01, the third below 0.0125."""
    made = with_claims(found(effect=2.7, ranking=-2.6, contact=2.4), randomised=True)["claims"]
    p = {claim: round(one["p"], 4) for claim, one in made["made"].items()}
    assert (p["effect: call"], p["ranking: call"], p["contact: call"]) == (0.0069, 0.0093, 0.0164)
    assert {claim for claim, one in made["made"].items() if one["established"]} == {"effect: call", "ranking: call"}
    assert made["family"] == 6


@pytest.mark.parametrize(("z", "randomised", "is_established"), [(4, True, True), (-4, True, False), (4, False, False)])
def test_a_ranking_is_established_where_its_claim_stands_and_it_is_the_right_way_round(
    z: float, randomised: bool, is_established: bool
) -> None:
    made = with_claims(found(ranking=z), randomised=randomised)
    assert made["uplift"]["actions"]["call"]["ranking_established"] is is_established


def test_where_actions_were_not_randomised_there_is_no_claim_at_all() -> None:
    claims = with_claims(found(effect=9, advice=9), randomised=False)["claims"]
    assert (claims["family"], claims["made"]) == (0, {})


def test_a_figure_that_chance_cannot_move_asks_nothing_of_the_others() -> None:
    """Advice for nobody earns exactly nothing: that is no claim, and the other four of six are held together."""
    one = found(effect=2.55)
    one["policy"]["value"] = figure(0.0, 0.0)
    one["policy"]["break_even"]["call"] = {"cost": 3.0, "contacts": 0}
    made = with_claims(one, randomised=True)
    assert made["claims"]["family"] == 4
    assert established(made) == {"effect: call"}  # p 0.0108, below 0.05/4


def test_a_figure_that_is_no_number_is_no_claim_that_stands() -> None:
    assert established(with_claims(found(effect=float("nan"), ranking=4), randomised=True)) == {"ranking: call"}


def test_the_report_that_is_judged_is_left_as_it_is() -> None:
    one = found(effect=4)
    with_claims(one, randomised=True)
    assert one == found(effect=4)


@pytest.mark.slow
@pytest.mark.parametrize(("n_actions", "worlds"), [(1, 150), (3, 80), (5, 50)])
def test_without_any_effect_any_word_at_all_is_as_rare_as_promised(n_actions: int, worlds: int) -> None:
    """By 100 draws, which tell a standard error to 7 %."""
    reports = [report(seed, n_actions, draws=100) for seed in range(worlds)]
    wrong = sum(bool(established(one)) for one in reports)
    alone = sum(any(claim["p"] < ALPHA for claim in one["claims"]["made"].values()) for one in reports)
    assert wrong <= binom.ppf(0.999, worlds, ALPHA)
    assert alone > binom.ppf(0.999, worlds, 2 * ALPHA)  # each by itself, they err far more often


@pytest.mark.slow
@pytest.mark.parametrize("n_actions", [1, 3])
def test_real_effects_keep_their_words(n_actions: int) -> None:
    """One action keeps 30 in 100 more of half the customers; the words on it stand, those on the others do not."""
    stand = [established(report(seed, n_actions, effect=0.3, rows=3000)) for seed in range(20)]
    for claim in (name("effect", "a0"), name("ranking", "a0"), name("outcome", "spent, a0")):
        assert np.mean([claim in one for one in stand]) >= 0.9
    others = {name(kind, f"a{place}") for kind in ("effect", "ranking") for place in range(1, n_actions)}
    assert sum(bool(one & others) for one in stand) <= 4  # one in twenty is promised
