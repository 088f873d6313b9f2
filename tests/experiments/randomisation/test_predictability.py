import numpy as np
import pytest

from experiments.metric import Numbers
from experiments.randomisation.predictability import ArmPair, Predictability, paired, predictability

TWO = ("mail", "none")


def judged(x: Numbers, arm: np.ndarray, *, seed: int = 0) -> Predictability:
    """What covariates tell of mail and none, drawn with one chance for all."""
    among = np.isin(arm, TWO)
    treated = (arm[among] == "mail").astype(float)
    return predictability(x[among], pair=ArmPair("mail", treated, np.ones(treated.size), treated * 0 + 0.5), seed=seed)


def test_covariates_that_decide_the_arm_predict_it() -> None:
    x = np.random.default_rng(0).normal(size=(400, 2))
    found = judged(x, np.where(x[:, 0] > 0, "mail", "none"))
    assert found.auc > 0.98
    assert found.p < 1e-12
    assert found.each[0] < 1e-12


def test_the_same_seed_gives_the_same_figures() -> None:
    rng = np.random.default_rng(0)
    x, arm = rng.normal(size=(300, 2)), np.repeat(["mail", "none", "call"], 100)
    assert judged(x, arm, seed=3) == judged(x, arm, seed=3)


def test_nothing_that_varies_predicts_nothing() -> None:
    found = judged(np.ones((40, 1)), np.repeat(["mail", "none"], 20))
    assert (found.auc, found.p, found.each) == (0.5, 1, (1.0,))


def test_what_predicts_through_the_logged_probability_alone_predicts_nothing() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(4000, 1))
    chance = 1 / (1 + np.exp(-x[:, 0]))
    arm = np.where(rng.random(4000) < chance, "mail", "none")
    own = np.where(arm == "mail", chance, 1 - chance)
    chances = np.column_stack([1 - chance, chance])
    pair = paired(arm, pair=TWO, probability=own, chances=chances, arms=["none", "mail"])
    found = predictability(x, pair=pair, seed=0)
    assert found.p > 0.01
    assert 0.47 < found.auc < 0.53
    assert judged(x, arm).p < 1e-12


def test_rows_weigh_by_the_chance_of_the_other_arm_or_by_one_over_that_of_their_own() -> None:
    arm, own = np.array(["mail", "none", "call", "none"]), np.array([0.2, 0.3, 0.5, 0.5])
    chances = np.array([[0.6, 0.2, 0.2], [0.3, 0.6, 0.1], [0.25, 0.25, 0.5], [0.5, 0.25, 0.25]])
    known = paired(arm, pair=TWO, probability=own, chances=chances, arms=["none", "mail", "call"])
    assert known.treated.tolist() == [1, 0, 0]
    assert known.chance == pytest.approx([0.25, 2 / 3, 1 / 3])
    assert known.weight == pytest.approx([0.75, 2 / 3, 1 / 3])
    blind = paired(arm, pair=TWO, probability=own, chances=None, arms=["none", "mail", "call"])
    assert blind.weight == pytest.approx([5, 1 / 0.3, 2])
    assert blind.chance is None
