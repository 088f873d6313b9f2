"""What a search remembers of its trials, and which of them is the best."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import optuna
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from experiments.search.judging import Judgement
from experiments.search.learning_problem import Candidate
from experiments.statistics import rounding

ENDED = (TrialState.COMPLETE, TrialState.PRUNED)
FAMILY, LEARNER, RECORD, ESTIMATE = "family", "learner", "record", "estimate"
ENOUGH_TO_COMPARE_WITH = 5

# Of a family that not every learner of the spec can use, the learner is a parameter of its own.
LEARNER_OF = "learner of {}"

Learned = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Record:
    """What came of a trial: the mean figures after each fold, what the policy earned a row, and what was learnt.

    uplift and policy_value stay empty where there are no actions; policy_value is in the currency of the spec.
    """

    risk: tuple[float, ...]
    uplift: tuple[float, ...]
    policy_value: float | None
    learned: Learned

    @classmethod
    def of(cls, judged: Sequence[Judgement], learned: Sequence[Learned]) -> "Record":
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
        """What the study is told: risk and, where it was measured, uplift."""
        return [self.risk[-1], *self.uplift[-1:]]

    @property
    def figures(self) -> dict[str, float]:
        """The figures by name, as they are shown."""
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
    """What a trial that is stopped would have come to: the best one's figure, and its gap to that after the same fold.

    Never is that better than the best. A sampler that is told nothing of what was stopped takes a bad trial that went
    on, for want of another, for a good one.
    """
    sign = _signs(study)[0]
    complete = [one for one in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)) if not _stopped(one)]
    leader = min(complete, key=lambda one: (sign * one.values[0], one.number))
    fold, own = max(study.get_trials(deepcopy=False)[trial.number].intermediate_values.items())
    gap = sign * (own - leader.intermediate_values[fold])
    return rounding.figure(leader.values[0] + sign * max(gap, 0.0))


def _stopped(trial: FrozenTrial) -> bool:
    """Whether a trial of one figure was stopped, be it as it ended or as it is estimated."""
    return ESTIMATE in trial.user_attrs


def as_it_ended(trial: FrozenTrial) -> FrozenTrial:
    """A trial of the copy that the sampler sees as the study keeps it: a stopped one has no value of its own."""
    if _stopped(trial):
        trial.state, trial.values = TrialState.PRUNED, [max(trial.intermediate_values.items())[1]]
    return trial


def as_estimated(trial: FrozenTrial) -> FrozenTrial:
    """The other way round."""
    if _stopped(trial):
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

    With one figure it is the best by that. With two, of those that no other beats in one figure without being beaten in
    the other (the Pareto front) and that rank effects better than chance, where any do, it is the one whose policy
    earned most on the folds; of equals the one of the best risk, and of these the first.
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
    """For each figure what makes a lower one better."""
    return [-1 if one == StudyDirection.MAXIMIZE else 1 for one in study.directions]


def candidate(trial: FrozenTrial, default_learner: str) -> Candidate:
    """What a trial tried; default_learner stands where the learner made no difference."""
    family = trial.params[FAMILY]
    learner = trial.params.get(LEARNER_OF.format(family), trial.params.get(LEARNER, default_learner))
    prefix = f"{family}."
    params: dict[str, Any] = {
        key.removeprefix(prefix): rounding.parameter(value)
        for key, value in trial.params.items()
        if key.startswith(prefix)
    }
    return Candidate(family, learner, params, recorded(trial).learned)
