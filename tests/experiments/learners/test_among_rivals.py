"""Worlds of 25 columns and few rows: ours are no worse than the best of causalml's, on the same rows."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

from tests.benchmarks.effect_grid import Setting, Shape, draw, problem
from tests.benchmarks.effect_rivals import columns, rivals
from tests.experiments.effect_worlds import FAMILIES, LEARNERS, World, starting_point

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    pytest.importorskip("causalml.inference.meta", exc_type=ImportError)

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
SEEDS = 5
RIVALS = ("causalml S boosted", "causalml T boosted", "causalml X lasso", "causalml DR lasso", "causalml R lasso")


def error(effects: np.ndarray, new: World) -> float:
    return float(np.sqrt(np.mean((effects - new.effects) ** 2)))


@pytest.mark.parametrize(
    ("shape", "learner", "family"), [("constant", "dr_learner", "logistic"), ("step", "x_learner", "lightgbm")]
)
def test_a_learner_that_suits_the_world_is_no_worse_than_the_best_of_causalmls(
    shape: Shape, learner: str, family: str
) -> None:
    """Within two standard errors of the paired difference; unlogged propensities, 500 rows."""
    setting = Setting(shape, 500, 1, 0.4, logged=False)
    new = draw(setting, seed=999, n_rows=2000)
    own, others = [], []
    for seed in range(SEEDS):
        of = draw(setting, seed=seed)
        choice = replace(starting_point(FAMILIES[family], LEARNERS[learner]), learned={"control": {"rounds": 60}})
        fitted = LEARNERS[learner].fit(problem(of, setting.actions).learner_input(choice, np.arange(500), seed=0))
        own.append(error(np.column_stack(list(fitted.effects(new.X).values())), new))
        X, asked = columns(of, new.X)
        others.append([error(rivals()[name](of, setting.actions, X, asked), new) for name in RIVALS])
    theirs = np.array(others)
    apart = np.array(own) - theirs[:, theirs.mean(axis=0).argmin()]
    assert apart.mean() < 2 * apart.std(ddof=1) / np.sqrt(SEEDS)
