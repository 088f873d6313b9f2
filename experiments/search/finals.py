"""Last step of a search for risk: the finalists are fitted to nearly all rows and compared once more.

A trial learns from fewer rows than the final fit: of three folds two, less the fifth that stops it. On many rows the
order of candidates can change in between: what holds back most is best on few rows and falls behind on more. So the
best, the next best and the families' defaults are fitted to all rows but a few, with the rounds that their trials
found, and compared on these few. The best stays unless another is better by more than two standard errors.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import optuna
from optuna.trial import FrozenTrial, TrialState

from experiments.family import PARTS
from experiments.metric import Numbers, statistic
from experiments.rows.split import Fold
from experiments.search import past_trials
from experiments.search.judging import risks
from experiments.search.learning_problem import Problem
from experiments.sections.tuning import TuningSpec
from experiments.statistics import intervals
from experiments.uplift.fitted_learner import FittedLearner
from features.tables import CONTROL

# With fewer a held-out share tells less than the folds did.
FEWEST_ROWS = 10_000
PARTS_HELD_OUT = 2
# Who is further behind on the folds, as a share of the best figure, is not asked again.
WITHIN_REACH = 0.02
DRAWS = 200
STANDARD_ERRORS = 2.0


def chosen(study: optuna.Study, problem: Problem, *, spec: TuningSpec, defaults: Sequence[int]) -> FrozenTrial:
    """The best trial after the last round; defaults are the places of the families' defaults among the trials.

    There is no last round with actions, below FEWEST_ROWS, where folds are dates (what is fitted then has to come
    before what judges), and after a search that its time limit ended: the best on the folds is returned.
    """
    best = past_trials.best(study, spec.trials)
    ended = past_trials.ended(study)[: spec.trials]
    fold = last_fold(problem)
    if fold is None or len(ended) < spec.trials:
        return best
    rivals = _rivals(ended, best, defaults)
    if not rivals:
        return best
    under = [_figure(one, replace(problem, folds=(fold,)), spec=spec) for one in (best, *rivals)]
    sign = -1 if problem.metric.better == "higher" else 1
    gains = [sign * (under[0] - one) for one in under[1:]]
    leads = [float(gain[0]) if np.isfinite(gain[0]) else -np.inf for gain in gains]
    first = int(np.argmax(leads))
    return rivals[first] if leads[first] > STANDARD_ERRORS * float(np.nanstd(gains[first][1:])) else best


def last_fold(problem: Problem) -> Fold | None:
    """All rows but PARTS_HELD_OUT parts of those that the last fold judges; None where there is no last round."""
    if problem.actions or not problem.cuts_customers or int(problem.at_risk.sum()) < FEWEST_ROWS:
        return None
    judged = problem.folds[-1].judge
    held_out = judged[problem.parts[judged] >= PARTS - PARTS_HELD_OUT]
    if len(np.unique(problem.y[held_out[problem.at_risk[held_out]]])) < 2:
        return None
    return Fold(np.setdiff1d(np.arange(len(problem.X)), held_out), held_out)


def _rivals(ended: Sequence[FrozenTrial], best: FrozenTrial, defaults: Sequence[int]) -> list[FrozenTrial]:
    """The next best and the defaults, if they are within reach of the best."""
    others = [one for one in ended if one.state == TrialState.COMPLETE and one.number != best.number]
    others = [one for one in others if _behind(one, best) <= WITHIN_REACH * abs(best.values[0])]
    next_best = sorted(others, key=lambda one: (_behind(one, best), one.number))[:1]
    named = {ended[place].number for place in defaults if place < len(ended)}
    return next_best + [one for one in others if one.number in named and one not in next_best]


def _behind(one: FrozenTrial, best: FrozenTrial) -> float:
    """How far a trial's figure is from the best."""
    return abs(float(one.values[0]) - float(best.values[0]))


def _figure(trial: FrozenTrial, problem: Problem, *, spec: TuningSpec) -> Numbers:
    """The metric on the rows held out of the problem's one fold, then on draws of them; the same draws for all.

    A draft is judged, of one booster where the final fit takes the mean of several: a third of the time.
    """
    choice, fold = past_trials.candidate(trial, spec.learners[0]), problem.folds[0]
    lesson = problem.learner_input(choice, fold.fit, seed=spec.seed, judged=fold.judge, draft=True)
    fitted = FittedLearner({CONTROL: lesson.outcome(CONTROL, lesson.at_risk)}, {})
    [(predicted, calibrated)] = risks(problem, [fitted])
    there = problem.at_risk[fold.judge]
    said = predicted if problem.metric.kind == "rank" else calibrated
    counts = intervals.multiplicities(n_clusters=int(there.sum()), draws=DRAWS, seed=spec.seed)
    under = statistic(problem.metric, problem.y[fold.judge][there], said[there])
    return np.concatenate([under(np.ones((1, int(there.sum())))), intervals.bootstrap(under, counts=counts)])
