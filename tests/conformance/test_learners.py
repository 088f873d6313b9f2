"""What every uplift learner must do, over every family."""

import numpy as np
import pytest

from experiments import families, learners
from experiments.family import Family
from experiments.learner import Learner
from features.contract import Contract
from features.feature import FeatureColumn
from features.plugins import discover, names

LEARNERS = discover(learners, Learner)
FAMILIES = {name: family for name, family in discover(families, Family).items() if name != "prior"}
every_learner = pytest.mark.parametrize("learner", LEARNERS.values(), ids=LEARNERS.keys())
every_family = pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES.keys())
CONTRACT = Contract((FeatureColumn("x", "x"), FeatureColumn("z", "z")))


def world(seed: int = 5) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """6,000 customers: a call saves those with x above 0 and drives away the others; true effects beside."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(6000, 2))
    arms = rng.choice(np.array([None, "control", "call"], dtype=object), 6000)
    effect = np.where(X[:, 0] > 0, 0.25, -0.15)
    risk = 0.35 - effect * (arms == "call")
    return X, (rng.random(6000) < risk).astype(float), arms, effect


def fitted(learner: Learner, family: Family, X, y, arms, seed: int = 0):
    return learner.fit(
        family,
        family.prepare(X, y, CONTRACT),
        np.arange(len(y)),
        arms=arms,
        actions=("call",),
        params=family.starting_points[0],
        learned={arm: {"rounds": 60} for arm in ("control", "call")},
        seed=seed,
    )


def test_a_learner_is_named_after_its_file() -> None:
    assert list(LEARNERS) == names(learners)


@every_learner
@every_family
def test_it_finds_who_is_helped_and_who_is_harmed(learner: Learner, family: Family) -> None:
    X, y, arms, effect = world()
    risks = fitted(learner, family, X, y, arms).risks(X)
    found = risks["control"] - risks["call"]
    assert np.corrcoef(found, effect)[0, 1] > 0.7
    assert found[effect > 0].mean() == pytest.approx(0.25, abs=0.06)
    assert found[effect < 0].mean() == pytest.approx(-0.15, abs=0.06)


@every_learner
@every_family
def test_it_finds_nothing_where_arms_are_shuffled(learner: Learner, family: Family) -> None:
    X, y, arms, effect = world()
    shuffled = np.random.default_rng(1).permutation(arms)
    risks = fitted(learner, family, X, y, shuffled).risks(X)
    assert abs(np.corrcoef(risks["control"] - risks["call"], effect)[0, 1]) < 0.4


@every_learner
@every_family
def test_the_same_seed_gives_the_same_bytes(learner: Learner, family: Family) -> None:
    X, y, arms, _ = world()
    one, other = (fitted(learner, family, X, y, arms) for _ in range(2))
    for arm, model in one.models.items():
        assert model.export() == other.models[arm].export()


@every_learner
def test_treated_rows_never_teach_the_risk_without_action(learner: Learner) -> None:
    family = FAMILIES["logistic"]
    X, y, arms, _ = world()
    flipped = np.where(arms == "call", 1 - y, y)
    one, other = (fitted(learner, family, X, labels, arms).risks(X)["control"] for labels in (y, flipped))
    assert np.array_equal(one, other)
