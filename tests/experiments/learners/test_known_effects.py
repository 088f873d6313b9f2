"""Learners on worlds of which the effects are known: they approach the truth, and unequal chances do not mislead."""

from functools import cache

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from experiments.family import PARTS, Family
from experiments.metric import evaluate
from experiments.metrics.autoc import METRIC as AUTOC
from experiments.search.learning_problem import Problem
from experiments.uplift.learner import Learner
from features.contract import Contract
from tests.experiments.effect_worlds import (
    ACTIONS,
    CONTRACT,
    FAMILIES,
    LEARNERS,
    World,
    fitted,
    problem,
    stacked,
    world,
)
from tests.experiments.plain_lasso import by_hand

NEW = world(6000, seed=99)
UPLIFT = [name for name in LEARNERS if name != "risk_ranking"]


@cache
def asked(family: str, n_rows: int, seed: int) -> Problem:
    """Learners share what is computed once of a problem."""
    return problem(world(n_rows, seed=seed), family_names=[family])


def share_of_oracle(learner: Learner, family: Family, n_rows: int, *, seed: int) -> float:
    """The AUTOC by the true effects, over what ranking by these themselves reaches, mean of the actions."""
    said = stacked(fitted(learner, family, asked(family.name, n_rows, seed)).effects(NEW.X))
    return float(
        np.mean([evaluate(AUTOC, t, s) / evaluate(AUTOC, t, t) for t, s in zip(NEW.effects.T, said.T, strict=True)])
    )


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES.keys())
@pytest.mark.parametrize("name", UPLIFT)
def test_the_ranking_approaches_the_oracles_as_rows_grow(name: str, family: Family) -> None:
    few = np.mean([share_of_oracle(LEARNERS[name], family, 2_000, seed=seed) for seed in range(3)])
    many = share_of_oracle(LEARNERS[name], family, 20_000, seed=7)
    assert many > few
    assert many > (0.8 if name in ("x_learner", "dr_learner") else 0.7)


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES.keys())
def test_unequal_chances_that_are_known_do_not_bias_the_dr_learner(family: Family) -> None:
    """Those called are mostly heavy users, whom calls help and who leave less anyway."""
    even, chosen = (world(12_000, seed=3, chosen=chosen, missing=0.0) for chosen in (False, True))
    called, kept = (chosen.y[chosen.arms == arm].mean() for arm in ("call", "control"))
    assert abs((kept - called) - chosen.effects[:, 0].mean()) > 0.06  # what a plain difference would say
    expected, said = (
        fitted(LEARNERS["dr_learner"], family, problem(of, family_names=[family.name])).effects(NEW.X)["call"]
        for of in (even, chosen)
    )
    assert said.mean() == pytest.approx(NEW.effects[:, 0].mean(), abs=0.025)
    for group in (NEW.X[:, 0] > 0, NEW.X[:, 0] <= 0):
        assert said[group].mean() == pytest.approx(expected[group].mean(), abs=0.025)


def test_the_dr_learner_is_that_of_a_few_plain_lines() -> None:
    """The same parts and penalties with scikit-learn alone, on the two columns that matter."""
    of = world(9000, missing=0.0)
    two = World(of.X[:, [0, 3]], of.y, of.arms, of.probability, of.effects)
    ours = _on_two_columns(two)
    columns, good = _terms(two.X), 1 - two.y
    mu, part = {arm: np.zeros(9000) for arm in ("control", *ACTIONS)}, np.arange(9000) // 2 % PARTS
    for arm, said in mu.items():
        own = ~np.isin(two.arms, ACTIONS) if arm == "control" else two.arms == arm
        for held in range(PARTS):
            plain = LogisticRegression(C=0.1, tol=1e-10, max_iter=1000).fit(
                columns[own & (part != held)], good[own & (part != held)]
            )
            said[part == held] = plain.predict_proba(columns[part == held])[:, 1]
    for action in ACTIONS:
        gamma = mu[action] - mu["control"]
        for arm, sign in ((action, 1), ("control", -1)):
            at = two.arms == arm
            gamma[at] += sign * (good[at] - mu[arm][at]) / two.probability[at]
        trial = ~np.isnan(two.probability)
        theirs = by_hand(columns[trial], gamma[trial], part[trial]).predict(columns)
        assert ours[action] == pytest.approx(theirs, abs=2e-3)


def _on_two_columns(two: World) -> dict[str, np.ndarray]:
    narrow = Contract((CONTRACT.columns[0], CONTRACT.columns[3]))
    family, learner = FAMILIES["logistic"], LEARNERS["dr_learner"]
    found = fitted(learner, family, problem(two, contract=narrow, family_names=["logistic"]))
    return {action: found.models[f"{action}_effect"].predict(two.X) for action in ACTIONS}


def _terms(X: np.ndarray) -> np.ndarray:
    """The logistic family's terms, by hand: the number, its seven hats and the flag, and a column per category."""
    usage, plan = X.T
    standard = (usage - np.median(usage)) / usage.std()
    knots = np.quantile(standard, (0, 0.1, 0.25, 0.5, 0.75, 0.9, 1))
    hats = [np.interp(standard, knots, height) for height in np.eye(7)]
    return np.column_stack([standard, *hats, np.zeros(len(usage)), plan == 0, plan == 1])
