"""The search with Optuna over families, learners and parameters, judged by cross-validation; it can be resumed."""

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import zip_longest
from typing import Any, Literal

import numpy as np
import optuna
from optuna.trial import FrozenTrial, TrialState

from experiments.family import Family, Params
from experiments.rows.split import Fold
from experiments.search import finals, past_trials
from experiments.search.judging import FoldFigures, judge
from experiments.search.learning_problem import Candidate, Problem
from experiments.search.past_trials import FAMILY, LEARNER, LEARNER_OF, Record
from experiments.sections.tuning import TuningSpec
from experiments.statistics import rounding
from experiments.uplift.fitted_learner import FittedLearner
from experiments.uplift.learner import EFFECT, Learner, able_to_use

BEST_PERCENT = 15.0
# Of the rarer outcome, in the folds that judge a trial; more rows would tell candidates apart hardly better.
ENOUGH_JUDGED = 5_000


def directions(problem: Problem) -> list[Literal["minimize", "maximize"]]:
    """The directions of a study's objectives: the metric of the risk and, with actions, the uplift (maximised)."""
    risk: Literal["minimize", "maximize"] = "maximize" if problem.metric.better == "higher" else "minimize"
    return [risk, "maximize"] if problem.actions else [risk]


def search(
    study: optuna.Study, problem: Problem, *, spec: TuningSpec, on_trial: Callable[[FrozenTrial], None]
) -> FrozenTrial:
    """Try candidates until `spec.trials` have ended, those of earlier runs of the study included; returns the best.

    On many rows that is the winner of a last round (`experiments.search.finals`). on_trial is called after each trial.
    A trial's seed depends only on how many ended before it, so a search that was killed and resumed ends with the same
    best as an uninterrupted one. A trial is written to the study once, when it ends: writing its parameters to a
    database one by one is slow. Only one process at a time may search a study.
    """
    tries, judging = _in_memory(study), replace(problem, folds=folds_that_tell(problem))
    points = starting_points(problem, spec)
    began = time.monotonic()
    while (tried := len(past_trials.ended(tries))) < spec.trials and not _time_is_up(tries, began, spec):
        tries.sampler = optuna.samplers.TPESampler(seed=trial_seed(spec.seed, tried), n_startup_trials=8)
        if tried < len(points):
            tries.enqueue_trial(points[tried])
        trial = tries.ask()
        _try(tries, trial, judging, spec=spec)
        study.add_trial(past_trials.as_stored(tries.get_trials()[-1]))
        on_trial(study.get_trials(deepcopy=False)[-1])
    defaults = range(len(points) - sum(len(problem.families[name].defaults) for name in spec.families), len(points))
    return finals.chosen(study, problem, spec=spec, defaults=defaults)


def folds_that_tell(problem: Problem) -> tuple[Fold, ...]:
    """The first folds that judge ENOUGH_JUDGED rows of either outcome together; all of them where rows are few.

    With actions, and where folds are dates (each tells something of its own), it is always all.
    """
    if problem.actions or not problem.cuts_customers:
        return problem.folds
    left = [problem.y[fold.judge[problem.at_risk[fold.judge]]] for fold in problem.folds]
    rarer = np.minimum(np.cumsum([one.sum() for one in left]), np.cumsum([(1 - one).sum() for one in left]))
    return problem.folds[: int(np.searchsorted(rarer, ENOUGH_JUDGED)) + 1]


def _in_memory(study: optuna.Study) -> optuna.Study:
    """A copy of the study in memory, with the ended trials in the form that the sampler sees."""
    copy = optuna.create_study(directions=study.directions, pruner=study.pruner)
    copy.add_trials([past_trials.as_estimated(one) for one in study.get_trials(states=past_trials.ENDED)])
    return copy


def _time_is_up(study: optuna.Study, began: float, spec: TuningSpec) -> bool:
    """Whether the time limit has passed and at least one trial is complete."""
    if spec.timeout_seconds is None or time.monotonic() - began < spec.timeout_seconds:
        return False
    return bool(study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)))


def trial_seed(seed: int, tried: int) -> int:
    """The seed of a trial before which `tried` others have ended."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{tried}".encode()).digest()[:4])


def starting_points(problem: Problem, spec: TuningSpec) -> list[dict[str, Any]]:
    """The first trials: the families' starting points in turn, then their defaults in turn.

    With actions each is combined with a learner, also in turn; starting points repeat until every learner had one.
    """
    families = [problem.families[name] for name in spec.families]
    first = _in_turn([(one, one.starting_points) for one in families])
    last = _in_turn([(one, one.defaults) for one in families])
    if not problem.actions:
        return [_point(family, point) for family, point in first + last]
    rounds = range(max(len(first), len(spec.learners)))
    found = []
    for k, (family, point) in enumerate([*(first[k % len(first)] for k in rounds), *last]):
        key, able = learners_of(family, problem, spec)
        learner = problem.learners[able[k % len(able)]]
        found.append({**_point(family, point), key: learner.name, **_effect_point(family, learner)})
    return found


def _in_turn(points: list[tuple[Family, tuple[Params, ...]]]) -> list[tuple[Family, Params]]:
    """The first of each family, the second of each, and so on."""
    turns = zip_longest(*([(family, point) for point in some] for family, some in points))
    return [pair for turn in turns for pair in turn if pair]


def _point(family: Family, point: Params) -> dict[str, Any]:
    return {FAMILY: family.name, **{f"{family.name}.{key}": value for key, value in point.items()}}


def _effect_point(family: Family, learner: Learner) -> dict[str, Any]:
    point = family.effect_point if learner.regresses else {}
    return {f"{family.name}.{EFFECT}{key}": value for key, value in point.items()}


def learners_of(family: Family, problem: Problem, spec: TuningSpec) -> tuple[str, list[str]]:
    """The name of the parameter for a family's learner, and the learners of the spec that can use the family.

    Raises SpecError when there is none.
    """
    able = able_to_use(family, [problem.learners[name] for name in spec.learners])
    return (LEARNER if len(able) == len(spec.learners) else LEARNER_OF.format(family.name)), able


class _Prefixed:
    """A trial whose parameter names get a prefix, so that two families, or risk and effect, never share one."""

    def __init__(self, trial: optuna.Trial, prefix: str) -> None:
        self._trial, self._prefix = trial, prefix

    def __getattr__(self, name: str) -> Callable[..., Any]:
        suggest = getattr(self._trial, name)
        return lambda key, *args, **options: rounding.parameter(suggest(f"{self._prefix}{key}", *args, **options))


def _suggested(trial: optuna.Trial, problem: Problem, spec: TuningSpec) -> Candidate:
    """The candidate that the sampler suggests; without actions all learners are the same, and the first is used."""
    name = trial.suggest_categorical(FAMILY, list(spec.families))
    family, learner = problem.families[name], spec.learners[0]
    if problem.actions:
        learner = trial.suggest_categorical(*learners_of(family, problem, spec))
    params = family.search(_Prefixed(trial, f"{name}."))  # type: ignore[arg-type]
    if problem.actions and problem.learners[learner].regresses:
        found = family.search_effects(_Prefixed(trial, f"{name}.{EFFECT}"))  # type: ignore[arg-type]
        params |= {f"{EFFECT}{key}": value for key, value in found.items()}
    return Candidate(name, learner, params, {})


def fold_models(choice: Candidate, problem: Problem, *, seed: int) -> Iterator[FittedLearner]:
    """The candidate fitted on each fold in turn, as a trial judges it: quick fits, not the final one."""
    learner = problem.learners[choice.learner]
    for fold in problem.folds:
        yield learner.fit(problem.learner_input(choice, fold.fit, seed=seed, judged=fold.judge, draft=True))


def _try(study: optuna.Study, trial: optuna.Trial, problem: Problem, *, spec: TuningSpec) -> None:
    choice = _suggested(trial, problem, spec)
    judged: list[FoldFigures] = []
    learned = []
    for fold, fitted in zip(problem.folds, fold_models(choice, problem, seed=spec.seed), strict=True):
        judged.append(judge(problem, fold, fitted, before=judged))
        learned.append(fitted.learned)
        if len(judged) < len(problem.folds) and _should_prune(study, trial, judged, problem):
            past_trials.keep(trial, Record.of(judged, learned))
            _prune(study, trial)
            return
    record = Record.of(judged, learned)
    past_trials.keep(trial, record)
    study.tell(trial, record.values)


def _prune(study: optuna.Study, trial: optuna.Trial) -> None:
    """End a trial early. With one objective the sampler gets its estimated final value, as Optuna advises."""
    if len(study.directions) > 1:
        study.tell(trial, state=TrialState.PRUNED)
        return
    trial.set_user_attr(past_trials.ESTIMATE, found := past_trials.estimate(study, trial))
    study.tell(trial, found)


def pruner() -> optuna.pruners.BasePruner:
    """The pruner of a single-objective study: a trial goes on while it is among the best 15 % after the same fold.

    The first trials are never pruned: the sampler needs them, and there is nothing to compare them with.
    """
    return optuna.pruners.PercentilePruner(BEST_PERCENT, n_startup_trials=past_trials.ENOUGH_TO_COMPARE_WITH)


def _should_prune(study: optuna.Study, trial: optuna.Trial, judged: list[FoldFigures], problem: Problem) -> bool:
    """Whether to end the trial after this fold.

    With one objective the study's pruner decides. Optuna has no pruner for two: there, a trial ends when both figures
    are worse than the medians of completed trials after the same fold.
    """
    if problem.actions:
        return past_trials.worse_than_the_median(study, Record.of(judged, []))
    trial.report(Record.of(judged, []).values[0], len(judged) - 1)
    return trial.should_prune()
