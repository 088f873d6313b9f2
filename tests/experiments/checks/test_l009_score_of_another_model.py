"""The score of a model that was fitted on these rows is refused; what is made of the columns honestly is not."""

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm, rankdata

from experiments.checks.l009_score_of_another_model import score_of_another_model
from experiments.leaks.boosted import boosted, usable
from experiments.leaks.check import LeakEvidence
from experiments.metric import Numbers
from features.contract import Contract
from features.feature import FeatureColumn
from tests.experiments.checks.worlds import clean, evidence, of_training, renamed

# Worlds whose columns come to an AUC of 0.75 or more, so that a score of them does, too.
TELLING = (1028, 1083, 1162)


def score(world: LeakEvidence, among: np.ndarray, leaves: int = 8) -> Numbers:
    """What boosted trees that were fitted on some of the rows say of all."""
    X, y = world.training.X, world.training.y
    model = lgb.LGBMClassifier(n_estimators=60, num_leaves=leaves, random_state=0, n_jobs=1, verbose=-1)
    told: Numbers = model.fit(X[among], y[among]).predict_proba(X)[:, 1]
    return told


def planted(seed: int) -> LeakEvidence:
    world = clean(TELLING[seed % 3], rows=3000)
    rows = np.random.default_rng(seed).random(len(world.training.y)) < 0.7
    return of_training(world, score(world, rows))


def test_a_score_that_no_other_check_finds_is_named() -> None:
    world = planted(0)
    (finding,) = score_of_another_model.examine(world)
    assert finding.subject == "planted"
    assert world.single_columns["planted"].auc < 0.95
    assert "a model trained on these outcomes" in finding.sentence


@pytest.mark.parametrize("turned", [1, -1])
def test_two_scores_of_the_same_model_do_not_hide_each_other(turned: int) -> None:
    world = planted(1)
    names = [*world.contract.names[:-1], "percent"]
    both = of_training(renamed(world, names), np.log(world.training.X[:, -1]) * turned)
    assert score_of_another_model.examine(both)[0].subject in {"planted", "percent"}


@pytest.mark.parametrize("seed", TELLING)
def test_a_score_of_other_rows_and_what_is_made_of_columns_is_no_leak(seed: int) -> None:
    """Each row scored by trees that have not seen it: as good as the columns, and not better."""
    world = clean(seed, rows=3000)
    honest = boosted(usable(world), world).score
    assert not score_of_another_model.examine(of_training(world, honest))


def test_a_strong_column_of_its_own_is_left_to_others() -> None:
    """It ranks far better than the others do, which do not tell it."""
    world = clean(4)
    own = 1.3 * world.training.y + np.random.default_rng(0).normal(size=len(world.training.y))
    assert not score_of_another_model.examine(of_training(world, own))


def engineered(kind: str, seed: int) -> LeakEvidence:
    """A column that is truly what the risk follows, made by an expert of two columns or of all."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(4000, 8))
    one, two = np.exp(X[:, 0]), np.exp(X[:, 1])
    made = {
        "ratio": one / two,
        "product": one * two,
        "larger": np.maximum(X[:, 0], X[:, 1]),
        "true risk": X @ rng.normal(size=8),
    }[kind]
    risk = 2 * norm.ppf(rankdata(made) / (len(made) + 1)) + 0.3 * X[:, 2]
    table = pd.DataFrame({"customer_id": [f"c{one}" for one in rng.permutation(len(X))], "arm": None, "as_of": pd.NaT})
    table["churned"] = (rng.random(len(X)) < 1 / (1 + np.exp(1.2 - risk))).astype(float)
    contract = Contract(tuple(FeatureColumn(f"x{place}", f"x{place}") for place in range(9)))
    return evidence(contract, np.column_stack([one, two, X[:, 2:], made]), table)


@pytest.mark.parametrize("kind", ["ratio", "product", "larger", "true risk"])
def test_what_an_expert_made_of_columns_is_no_leak_though_it_says_more_than_they_do(kind: str) -> None:
    """Both of its parts, what the others tell of it and what they do not, raise the log-odds alike."""
    assert not [seed for seed in range(8) if score_of_another_model.examine(engineered(kind, seed))]
