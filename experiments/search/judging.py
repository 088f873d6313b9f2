"""How a candidate is judged on a fold: by its risk, by how it ranks customers by effect, and by what that earns."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from experiments.family import Labels, RowIndex, Scores
from experiments.metric import Numbers, evaluate
from experiments.metrics.qini import METRIC as QINI
from experiments.money import policy
from experiments.rows.split import Fold
from experiments.search.learning_problem import Problem, Stakes
from experiments.statistics import calibration
from experiments.uplift.fitted_learner import FittedLearner


@dataclass(frozen=True)
class Told:
    """What was said of the risk of judged rows, uncalibrated, what happened, and the part of each row's customer."""

    y: Labels
    said: Scores
    part: RowIndex


@dataclass(frozen=True)
class Judgement:
    """The figures of one fold: its risk by the problem's metric, the mean QINI of the actions, and what rows earned.

    Where there are no actions uplift is NaN, and earned, in the currency of the spec, shape (n_in_trial,), is empty.
    """

    risk: float
    uplift: float
    earned: Numbers
    told: Told | None = field(default=None, repr=False, compare=False)


def judged(problem: Problem, fitted: Iterable[FittedLearner]) -> Iterator[Judgement]:
    """Judge what was fitted on each fold, one after the other."""
    before: list[Judgement] = []
    for fold, one in zip(problem.folds, fitted, strict=True):
        before.append(judge(problem, fold, one, before=before))
        yield before[-1]


def judge(problem: Problem, fold: Fold, fitted: FittedLearner, *, before: Sequence[Judgement] = ()) -> Judgement:
    """Judge on the rows that the fold holds out; before are the candidate's judgements on earlier folds.

    The risk is measured on untreated rows whose customer was there when the window opened, calibrated as it will serve:
    by what this fold and those before say of the other parts' customers. Uplift and earnings are by AIPW scores of all
    assigned rows, whose nuisances were fitted off these and are the same for every candidate; effects are judged before
    calibration and shrinkage.
    """
    at_risk = fold.judge[problem.at_risk[fold.judge]]
    told = Told(problem.y[at_risk], fitted.risk(problem.X[at_risk]), problem.parts[at_risk])
    served = told.said  # a ranking needs no calibration
    if problem.metric.kind != "rank":
        known_before = [one.told for one in before if one.told is not None]
        served = _served([*known_before, told], told.said, told.part)
    risk = evaluate(problem.metric, told.y, served)
    if problem.stakes is None:
        return Judgement(risk, float("nan"), np.array([]), told)
    known = problem.nuisances(fold.fit, fold.judge)
    at = fold.judge[known.in_trial[fold.judge]]
    effects = np.column_stack(list(fitted.effects(problem.X[at]).values()))
    gamma = known.gamma[at]
    qini = [evaluate(QINI, *columns) for columns in zip(gamma.T, effects.T, strict=True)]
    earned = _earned(problem, problem.stakes, at, effects=effects, gamma=gamma)
    return Judgement(risk, float(np.mean(qini)), earned, told)


def risks(problem: Problem, fitted: Iterable[FittedLearner]) -> Iterator[tuple[Scores, Scores]]:
    """Of the rows that each fold holds out: the risk that its model predicts, and the calibrated one that is judged."""
    before: list[Told] = []
    for fold, one in zip(problem.folds, fitted, strict=True):
        said, there = one.risk(problem.X[fold.judge]), problem.at_risk[fold.judge]
        part = problem.parts[fold.judge]
        before.append(Told(problem.y[fold.judge][there], said[there], part[there]))
        yield said, _served(before, said, part)


def _served(told: Sequence[Told], said: Scores, part: RowIndex) -> Scores:
    """Probabilities after calibration: those of a part's customers by one that was fitted on the other parts."""
    y, all_said, all_part = (np.concatenate([getattr(one, name) for one in told]) for name in ("y", "said", "part"))
    served = said.copy()
    for own in np.unique(part):
        rows = all_part != own
        if len(np.unique(y[rows])) == 2:
            here = part == own
            served[here] = calibration.fit(y[rows], all_said[rows]).apply(said[here])
    return served


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
