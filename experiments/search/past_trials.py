"""Records of finished trials, and the choice of the best."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import optuna
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from experiments.search.judging import FoldFigures
from experiments.search.learning_problem import Candidate
from experiments.statistics import rounding

ENDED = (TrialState.COMPLETE, TrialState.PRUNED)
FAMILY, LEARNER, RECORD, ESTIMATE = "family", "learner", "record", "estimate"
ENOUGH_TO_COMPARE_WITH = 5

# A family that not every learner of the spec can use has its own parameter for the learner.
LEARNER_OF = "learner of {}"

Learned = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Record:
    """A trial's results: the mean figures after each fold, the policy value per row, and what fitting determined.

    uplift is empty and policy_value None without actions; policy_value is in the spec's currency.
    """

    risk: tuple[float, ...]
    uplift: tuple[float, ...]
    policy_value: float | None
    learned: Learned

    @classmethod
    def of(cls, judged: Sequence[FoldFigures], learned: Sequence[Learned]) -> "Record":
        """The record of the folds judged so far."""
        uplift = _means([one.uplift for one in judged])
        earned = np.concatenate([one.earned for one in judged])
        measured = len(earned) > 0
        return cls(
            risk=_means([one.risk for one in judged]),
            uplift=uplift if measured else (),
            policy_value=rounding.figure(float(earned.mean())) if measured else None,
            learned={name: _mean_of(name, learned) for name in (learned[0] if learned else {})},
        )

    @property
    def values(self) -> list[float]:
        """The trial's values in the study: risk and, where it was measured, uplift."""
        return [self.risk[-1], *self.uplift[-1:]]

    @property
    def figures(self) -> dict[str, float]:
        """The figures by name, for display."""
        value = {} if self.policy_value is None else {"policy_value": self.policy_value}
        return dict(zip(("score", "uplift"), self.values, strict=False)) | value


def _means(values: Sequence[float]) -> tuple[float, ...]:
    """The mean of the first, of the first two, and so on."""
    return tuple(rounding.figure(float(np.mean(values[: k + 1]))) for k in range(len(values)))


def _mean_of(name: str, learned: Sequence[Learned]) -> dict[str, float]:
    return {key: rounding.figure(float(np.mean([one[name][key] for one in learned]))) for key in learned[0][name]}


def keep(trial: optuna.Trial, record: Record) -> None:
    """Write the record to the trial."""
    trial.set_user_attr(RECORD, asdict(record))


def recorded(trial: FrozenTrial) -> Record:
    """The record of a trial that ended."""
    kept = trial.user_attrs[RECORD]
    return Record(tuple(kept["risk"]), tuple(kept["uplift"]), kept["policy_value"], kept["learned"])


def ended(study: optuna.Study) -> list[FrozenTrial]:
    """The trials that ended, complete or pruned, in order."""
    return study.get_trials(deepcopy=False, states=ENDED)


def estimate(study: optuna.Study, trial: optuna.Trial) -> float:
    """The estimated final value of a pruned trial: the best trial's value plus the gap to it after the same fold.

    It is never better than the best. Without such estimates the sampler would model only trials that were not pruned,
    and take the worst of those for the bad region.
    """
    sign = _signs(study)[0]
    complete = [one for one in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)) if not _was_pruned(one)]
    leader = min(complete, key=lambda one: (sign * one.values[0], one.number))
    fold, own = max(study.get_trials(deepcopy=False)[trial.number].intermediate_values.items())
    gap = sign * (own - leader.intermediate_values[fold])
    return rounding.figure(leader.values[0] + sign * max(gap, 0.0))


def _was_pruned(trial: FrozenTrial) -> bool:
    """Whether a trial of a single-objective study was pruned, whichever of its two forms this is."""
    return ESTIMATE in trial.user_attrs


def as_stored(trial: FrozenTrial) -> FrozenTrial:
    """A trial of the sampler's copy in the form that the study stores: a pruned one as pruned, without its estimate."""
    if _was_pruned(trial):
        trial.state, trial.values = TrialState.PRUNED, [max(trial.intermediate_values.items())[1]]
    return trial


def as_estimated(trial: FrozenTrial) -> FrozenTrial:
    """A stored trial in the form that the sampler sees: a pruned one as complete, with its estimated value."""
    if _was_pruned(trial):
        trial.state, trial.values = TrialState.COMPLETE, [trial.user_attrs[ESTIMATE]]
    return trial


def worse_than_the_median(study: optuna.Study, record: Record) -> bool:
    """Whether after its last fold both figures are worse than the median of completed trials after the same fold."""
    others = [recorded(one) for one in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))]
    if len(others) < ENOUGH_TO_COMPARE_WITH:
        return False
    fold = len(record.risk) - 1
    medians = [np.median([one.risk[fold] for one in others]), np.median([one.uplift[fold] for one in others])]
    return all(
        sign * value > sign * median for sign, value, median in zip(_signs(study), record.values, medians, strict=True)
    )


def best(study: optuna.Study, trials: int) -> FrozenTrial:
    """The best of the first `trials` trials that ended; a longer search of the same study changes nothing here.

    With one objective it is the best by that. With two, it is the trial of the Pareto front with the highest policy
    value on the folds; trials that rank effects no better than chance count only where there are no others. Ties go to
    the better risk, then to the earlier trial.
    """
    complete = [trial for trial in ended(study)[:trials] if trial.state == TrialState.COMPLETE]
    signs = _signs(study)
    losses = {trial.number: tuple(s * v for s, v in zip(signs, trial.values, strict=True)) for trial in complete}
    front = [one for one in complete if not any(_beats(other, losses[one.number]) for other in losses.values())]
    front = [one for one in front if all(uplift > 0 for uplift in one.values[1:])] or front

    def rank(trial: FrozenTrial) -> tuple[float, float, int]:
        return -(recorded(trial).policy_value or 0.0), losses[trial.number][0], trial.number

    return min(front, key=rank)


def _beats(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether one is nowhere worse (higher) than other and somewhere better."""
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))


def _signs(study: optuna.Study) -> list[int]:
    """The sign of each objective that makes lower values better."""
    return [-1 if one == StudyDirection.MAXIMIZE else 1 for one in study.directions]


def candidate(trial: FrozenTrial, default_learner: str) -> Candidate:
    """The candidate of a trial; default_learner is used where the search had no choice of learners."""
    family = trial.params[FAMILY]
    learner = trial.params.get(LEARNER_OF.format(family), trial.params.get(LEARNER, default_learner))
    prefix = f"{family}."
    params: dict[str, Any] = {
        key.removeprefix(prefix): rounding.parameter(value)
        for key, value in trial.params.items()
        if key.startswith(prefix)
    }
    return Candidate(family, learner, params, recorded(trial).learned)
