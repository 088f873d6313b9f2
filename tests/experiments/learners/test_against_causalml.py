"""The same folds, nuisances and regressions in causalml: not the same arithmetic, but nearly the same effects."""

import warnings

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression, Ridge

from experiments.metric import evaluate
from experiments.metrics.autoc import METRIC as AUTOC
from tests.experiments.effect_worlds import FAMILIES, LEARNERS, World, fitted, problem, world

pytestmark = pytest.mark.filterwarnings("ignore")


def one_action(n_rows: int, seed: int) -> World:
    """A world without the coupon, without rows outside the campaign, without missing values."""
    of = world(n_rows, seed=seed, missing=0.0)
    kept = np.isin(of.arms, ["control", "call"])
    chance = np.where(of.arms == "call", 0.35, 0.45)[kept] / 0.8
    return World(of.X[kept], of.y[kept], of.arms[kept], chance, of.effects[kept, :1])


def hinged(X: np.ndarray) -> np.ndarray:
    return np.column_stack([X, *(np.maximum(X[:, j] - k, 0) for j in range(3) for k in (-1.3, -0.7, 0, 0.7, 1.3))])


def theirs(name: str, of: World, new: np.ndarray) -> np.ndarray:
    """What causalml's learner says of new rows; effects of the good outcome."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from causalml.inference import meta  # here, as only one worker needs it and it takes seconds
    given, good, p = (of.arms == "call").astype(int), 1 - of.y, np.full(len(of.y), 0.35 / 0.8)
    columns, asked, p_new = hinged(of.X), hinged(new), np.full(len(new), 0.35 / 0.8)
    if name == "dr_learner":
        model = meta.BaseDRRegressor(
            control_outcome_learner=Ridge(10.0),
            treatment_outcome_learner=Ridge(10.0),
            treatment_effect_learner=Ridge(100.0),
        )
        model.fit(X=columns, treatment=given, y=good, p=p)
        return model.predict(asked).ravel()
    if name == "x_learner":
        model = meta.BaseXClassifier(outcome_learner=LogisticRegression(C=0.1), effect_learner=Ridge(100.0))
        model.fit(X=columns, treatment=given, y=good, p=p)
        return model.predict(asked, p=p_new).ravel()
    if name == "t_learner":
        model = meta.BaseTClassifier(learner=LogisticRegression(C=0.1, max_iter=1000))
    else:
        model = meta.BaseSClassifier(learner=GradientBoostingClassifier(n_estimators=60, max_depth=3))
    model.fit(X=columns, treatment=given, y=good)
    return model.predict(asked).ravel()


@pytest.mark.parametrize("name", ["t_learner", "x_learner", "dr_learner", "s_learner"])
def test_effects_and_their_ranking_agree_with_causalml(name: str) -> None:
    new, agreement, gaps = one_action(4000, 50), [], []
    for seed in range(3):
        of = one_action(6000, seed)
        family = FAMILIES["lightgbm" if name == "s_learner" else "logistic"]
        learner = LEARNERS[name]
        ours = fitted(learner, family, problem(of, actions=("call",), family_names=[family.name])).effects(new.X)[
            "call"
        ]
        other = theirs(name, of, new.X)
        agreement.append(np.corrcoef(ours, other)[0, 1])
        gaps.append(evaluate(AUTOC, new.effects[:, 0], ours) - evaluate(AUTOC, new.effects[:, 0], other))
    assert np.mean(agreement) > 0.9
    assert np.mean(gaps) > -0.01
