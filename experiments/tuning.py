"""The search: Optuna suggests a family and its parameters, folds judge them, and a kill loses nothing."""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np
import optuna

from experiments.family import Family, Prepared
from experiments.learner import Arms, FittedLearner, Learner
from experiments.metric import Metric, evaluate
from experiments.spec import TuningSpec
from experiments.split import Fold
from features.contract import Matrix

ENDED = (optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED)
FAMILY = "family"
LEARNED = "learned"


@dataclass(frozen=True)
class Candidate:
    """A choice of the search: family, its parameters, and what fitting found out for each outcome model."""

    family: str
    params: Mapping[str, Any]
    learned: Mapping[str, Mapping[str, float]]
    score: float


@dataclass(frozen=True)
class Problem:
    """What candidates are tried on: encoded rows and each family's preparation of them, arms, actions and folds."""

    X: Matrix
    prepared: Mapping[str, Prepared]
    arms: Arms
    actions: tuple[str, ...]
    folds: tuple[Fold, ...]
    families: Mapping[str, Family]
    learner: Learner
    metric: Metric


def search(
    study: optuna.Study, problem: Problem, *, spec: TuningSpec, on_trial: Callable[[optuna.trial.FrozenTrial], None]
) -> Candidate:
    """Try candidates until `spec.trials` have ended, counting those of earlier runs of the same study.

    on_trial is called after each. Every trial is seeded by how many ended before it, so that a search killed and
    taken up again ends with the same best as one that was not.
    """
    _bury_the_dead(study)
    points = _starting_points(problem)
    began = time.monotonic()
    while (tried := len(ended(study))) < spec.trials and not _late(study, began, spec):
        study.sampler = optuna.samplers.TPESampler(seed=trial_seed(spec.seed, tried), n_startup_trials=8)
        waiting = study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.WAITING,))
        if tried < len(points) and not waiting:
            study.enqueue_trial(points[tried])
        trial = study.ask()
        _try(study, trial, problem, seed=spec.seed)
        on_trial(study.trials[trial.number])
    return best(study, spec.trials)


def ended(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    """The trials that ended, complete or pruned, in order."""
    return study.get_trials(deepcopy=False, states=ENDED)


def _late(study: optuna.Study, began: float, spec: TuningSpec) -> bool:
    """Whether the time is up; one trial at least must have been completed."""
    if spec.timeout_seconds is None or time.monotonic() - began < spec.timeout_seconds:
        return False
    return bool(study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,)))


def trial_seed(seed: int, tried: int) -> int:
    """The seed of the trial before which `tried` others have ended."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{tried}".encode()).digest()[:4])


def _bury_the_dead(study: optuna.Study) -> None:
    """A trial that was running when the process was killed has failed; the search will come upon it again."""
    for trial in study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,)):
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)


def _starting_points(problem: Problem) -> list[dict[str, Any]]:
    """The starting points of all families, taking turns."""
    turns = zip_longest(*([(name, point) for point in f.starting_points] for name, f in problem.families.items()))
    return [
        {FAMILY: name, **{f"{name}.{key}": value for key, value in point.items()}}
        for turn in turns
        for name, point in filter(None, turn)
    ]


class _Prefixed:
    """A trial whose parameters carry the name of the family, so that two families never share one."""

    def __init__(self, trial: optuna.Trial, prefix: str) -> None:
        self._trial, self._prefix = trial, prefix

    def __getattr__(self, name: str) -> Callable[..., Any]:
        suggest = getattr(self._trial, name)
        return lambda key, *args, **options: suggest(f"{self._prefix}.{key}", *args, **options)


def _try(study: optuna.Study, trial: optuna.Trial, problem: Problem, *, seed: int) -> None:
    name = trial.suggest_categorical(FAMILY, list(problem.families))
    params = problem.families[name].search(_Prefixed(trial, name))  # type: ignore[arg-type]
    scores, learned = [], []
    for step, fold in enumerate(problem.folds):
        fitted = _fit_fold(problem, fold, name, params=params, seed=seed)
        scores.append(_judge(problem, fold, name, fitted))
        learned.append(fitted.learned)
        trial.report(float(np.mean(scores)), step)
        if step + 1 < len(problem.folds) and trial.should_prune():
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            return
    trial.set_user_attr(LEARNED, _mean_learned(learned))
    study.tell(trial, float(np.mean(scores)))


def _fit_fold(problem: Problem, fold: Fold, name: str, *, params: Mapping[str, Any], seed: int) -> FittedLearner:
    return problem.learner.fit(
        problem.families[name],
        problem.prepared[name],
        fold.fit,
        arms=problem.arms,
        actions=problem.actions,
        params=params,
        learned={},
        seed=seed,
        stop_index=fold.judge,
    )


def _judge(problem: Problem, fold: Fold, name: str, fitted: FittedLearner) -> float:
    """The metric of each outcome model on its own rows, each with one vote."""
    members = problem.learner.members(problem.arms[fold.judge], problem.actions)
    y, X = problem.prepared[name].y[fold.judge], problem.X[fold.judge]
    found = [
        evaluate(problem.metric, y[members[arm]], model.predict(X[members[arm]]))
        for arm, model in fitted.models.items()
    ]
    return float(np.mean(found))


def _mean_learned(found: list[dict[str, Mapping[str, float]]]) -> dict[str, dict[str, float]]:
    return {arm: {key: float(np.mean([one[arm][key] for one in found])) for key in found[0][arm]} for arm in found[0]}


def best(study: optuna.Study, trials: int) -> Candidate:
    """The best of the first `trials` trials that ended; a longer search of the same study changes nothing here."""
    complete = [trial for trial in ended(study)[:trials] if trial.state == optuna.trial.TrialState.COMPLETE]
    sign = -1 if study.direction == optuna.study.StudyDirection.MAXIMIZE else 1
    trial = min(complete, key=lambda one: sign * (one.value or 0.0))
    name = trial.params[FAMILY]
    params = {key.removeprefix(f"{name}."): value for key, value in trial.params.items() if key != FAMILY}
    return Candidate(name, params, trial.user_attrs[LEARNED], float(trial.values[0]))
