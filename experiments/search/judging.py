"""How a candidate is judged on a fold: by its risk, by how it ranks customers by effect, and by what that earns."""

from dataclasses import dataclass

import numpy as np

from experiments.family import RowIndex
from experiments.metric import Numbers, evaluate
from experiments.metrics.qini import METRIC as QINI
from experiments.money import policy
from experiments.rows.split import Fold
from experiments.search.learning_problem import Problem, Stakes
from experiments.uplift.fitted_learner import FittedLearner


@dataclass(frozen=True)
class Judgement:
    """The figures of one fold: its risk by the problem's metric, the mean QINI of the actions, and what rows earned.

    Where there are no actions uplift is NaN, and earned, in the currency of the spec, shape (n_in_trial,), is empty.
    """

    risk: float
    uplift: float
    earned: Numbers


def judge(problem: Problem, fold: Fold, fitted: FittedLearner) -> Judgement:
    """Judge on the rows that the fold holds out.

    The risk is measured on untreated rows whose customer was there when the window opened; uplift and earnings by AIPW
    scores of all assigned rows, whose nuisances were fitted off these and are the same for every candidate. Calibration
    comes later: it needs what all folds say.
    """
    at_risk = fold.judge[problem.at_risk[fold.judge]]
    risk = evaluate(problem.metric, problem.y[at_risk], fitted.risk(problem.X[at_risk]))
    if problem.stakes is None:
        return Judgement(risk, float("nan"), np.array([]))
    known = problem.nuisances(fold.fit, fold.judge)
    at = fold.judge[known.in_trial[fold.judge]]
    effects = np.column_stack(list(fitted.effects(problem.X[at]).values()))
    gamma = known.gamma[at]
    qini = [evaluate(QINI, *columns) for columns in zip(gamma.T, effects.T, strict=True)]
    return Judgement(risk, float(np.mean(qini)), _earned(problem, problem.stakes, at, effects=effects, gamma=gamma))


def _earned(problem: Problem, stakes: Stakes, at: RowIndex, *, effects: Numbers, gamma: Numbers) -> Numbers:
    """What each row at `at` would have earned under the policy that these effects make."""
    value = stakes.value[at]
    choice = policy.choose(
        uplift=effects,
        value=value,
        cost=stakes.cost,
        limits=stakes.limits(problem.actions, len(at)),
        ids=stakes.ids[at],
        may_contact=stakes.may_contact[at],
    )
    return policy.realised(choice, gamma=gamma, value=value, cost=stakes.cost)
