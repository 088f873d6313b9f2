"""Out-of-fold risks: of models that did not see the rows, calibrated as the final model is."""

from dataclasses import replace

import numpy as np

from experiments.search import candidate
from experiments.search.learning_problem import Candidate
from tests.experiments.effect_worlds import LEARNERS, problem, starting_point, world


def test_they_are_of_each_folds_own_model_and_of_every_judged_row_once() -> None:
    of = problem(world(1500), family_names=["logistic"])
    choice = starting_point(of.families["logistic"], LEARNERS["t_learner"])
    fitted, judged = candidate.fit_and_judge(choice, of, seed=0)
    assert np.array_equal(np.sort(judged.rows), np.arange(1500))
    for fold in of.folds:
        one = LEARNERS["t_learner"].fit(of.learner_input(choice, fold.fit, seed=0, judged=fold.judge))
        expected = fitted.calibrations["control"].apply(one.models["control"].predict(of.X[fold.judge]))
        place = np.isin(judged.rows, fold.judge)
        assert np.array_equal(judged.risk[place], expected[np.argsort(np.argsort(judged.rows[place]))])


def test_what_a_row_itself_did_is_not_in_its_risk() -> None:
    """Of rows that nothing tells apart, no model that did not see them ranks those who left first."""
    nothing = world(1500)
    noise = np.random.default_rng(0).normal(size=nothing.X.shape[0])
    y = np.random.default_rng(1).integers(0, 2, 1500).astype(float)
    blind = replace(nothing, X=np.column_stack([noise, noise, noise, nothing.X[:, 3]]), y=y)
    of = problem(blind, family_names=["lightgbm"])
    params = {**of.families["lightgbm"].starting_points[0], "num_leaves": 60, "min_data_in_leaf": 5, "rounds": 200.0}
    _, judged = candidate.fit_and_judge(Candidate("lightgbm", "risk_ranking", params, {}), of, seed=0)
    at = of.at_risk[judged.rows]
    left = of.y[judged.rows][at] == 1
    gap = judged.risk[at][left].mean() - judged.risk[at][~left].mean()
    assert abs(gap) < 0.02
