"""Cross-fitted nuisance models of a trial: outcomes by arm and propensities, shared by learners and their evaluation.

Plain, and the same for every candidate: they are computed once for each fold and serve all trials of a search.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

import numpy as np
import numpy.typing as npt

from experiments.families import logistic, prior
from experiments.family import PARTS, FittedModel, Labels, Params, Prepared, RowIndex
from experiments.metric import Numbers
from experiments.rows.arms import Arms, Mask, in_trial, rows_of
from experiments.statistics import rounding
from experiments.uplift.uplift_curves import aipw_scores
from features.contract import Matrix
from features.tables import CONTROL

FAMILY = logistic.FAMILY.name
PARAMS: Mapping[str, float] = {"C": 0.1}
FEW_ROWS = 1500
TRIED = (0.1, 0.01)
LEAST_PROPENSITY = 0.02
LEAST_PROBABILITY = 1e-6


@dataclass(frozen=True)
class Trial:
    """The rows of a problem as a trial of actions, shape (n_rows, n_columns) and (n_rows,).

    prepared is the logistic family's preparation, its target 1 where the customer churned. arms: None where
    in no campaign. probability: of the row's own arm as it was logged, NaN where it was not. parts: to which part of
    the cross-fitting a customer belongs, 0 to PARTS - 1.
    """

    X: Matrix
    prepared: Prepared
    arms: Arms
    actions: tuple[str, ...]
    probability: Numbers
    parts: npt.NDArray[np.intp]


@dataclass(frozen=True)
class Nuisances:
    """Predictions for the rows fitted on or judged, NaN elsewhere; every array has as many rows as the problem.

    good: 1 where the outcome was good, 0 where bad; outcomes: its predicted probability under each arm, told by models
    that have not seen the row; probability: of the row's own arm; shares: of the rows of an action and of the control,
    the share or, where it is not the same for all, the model of the probability, that was given the action.
    """

    good: Numbers
    arms: Arms
    actions: tuple[str, ...]
    fitted_on: RowIndex
    outcomes: Mapping[str, Numbers]
    probability: Numbers
    shares: Mapping[str, float | FittedModel]

    @cached_property
    def in_trial(self) -> Mask:
        """The rows that were assigned an arm, including the control, and have predictions here."""
        known = np.isfinite(self.outcomes[CONTROL]) & np.isfinite(self.probability)
        return in_trial(self.arms, self.actions) & known

    @cached_property
    def gamma(self) -> Numbers:
        """The AIPW scores, shape (n_rows, n_actions); NaN for rows that are not in the trial."""
        scores = np.full((len(self.good), len(self.actions)), np.nan)
        scores[self.in_trial] = aipw_scores(
            arm=self.arms[self.in_trial],
            control=CONTROL,
            actions=self.actions,
            probability=self.probability[self.in_trial],
            outcome=self.good[self.in_trial],
            nuisances={arm: said[self.in_trial] for arm, said in self.outcomes.items()},
        )
        return scores

    @cached_property
    def mean_good(self) -> dict[str, float]:
        """The AIPW estimate of the mean outcome if everybody fitted on were given the arm."""
        at = self.fitted_on[self.in_trial[self.fitted_on]]
        return {
            arm: float(np.mean(said[at] + (self.arms[at] == arm) * (self.good[at] - said[at]) / self.probability[at]))
            for arm, said in self.outcomes.items()
        }


def cross_fitted(trial: Trial, index: RowIndex, judged: RowIndex) -> Nuisances:
    """Fit each part of the rows at index on the other parts; the rows at judged get the mean of the models.

    Where no probability was logged at all, it is estimated in the same way, from the columns. Where some were, the rows
    without one are in no trial: they teach no effect.
    """
    arms = (CONTROL, *trial.actions)
    outcomes = {
        arm: _told(trial, rows_of(trial.arms, arm, trial.actions), trial.prepared.y, index, judged) for arm in arms
    }
    return Nuisances(
        good=1.0 - trial.prepared.y,
        arms=trial.arms,
        actions=trial.actions,
        fitted_on=index,
        outcomes={arm: 1.0 - risk for arm, risk in outcomes.items()},
        probability=_own_probability(trial, index, judged),
        shares={action: _share(trial, action, index) for action in trial.actions},
    )


def _told(trial: Trial, teaches: Mask, target: Labels, index: RowIndex, judged: RowIndex) -> Numbers:
    """What models fitted on the rows of `teaches` at index say of the rows at index and at judged."""
    said, seen = np.full(len(trial.X), np.nan), np.zeros(len(judged))
    params = _chosen(trial, index[teaches[index]], target)
    for part in range(PARTS):
        own = trial.parts[index] == part
        model = _fitted(trial, index[~own & teaches[index]], target, params[part])
        said[index[own]] = rounding.probabilities(model.predict(trial.X[index[own]]))
        seen = seen + model.predict(trial.X[judged])
    said[judged] = rounding.probabilities(seen / PARTS)
    return said


def _chosen(trial: Trial, index: RowIndex, target: Labels) -> list[Params]:
    """For each part, the penalty with the best cross-validated loss on the others.

    So no row has a say in the penalty of its own model. Many rows need no penalty but the usual.
    """
    if len(index) > FEW_ROWS:
        return [PARAMS] * PARTS
    losses = np.zeros((PARTS, len(TRIED)))
    part = trial.parts[index]
    for one, other in combinations(range(PARTS), 2):
        rest = index[(part != one) & (part != other)]
        for place, C in enumerate(TRIED):
            model = _fitted(trial, rest, target, {"C": C})
            for own, held in ((one, other), (other, one)):
                at = index[part == held]
                said = np.clip(model.predict(trial.X[at]), LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
                losses[own, place] -= float(np.log(np.where(target[at] == 1, said, 1 - said)).sum())
    return [{"C": TRIED[place]} for place in rounding.figures(losses).argmin(axis=1)]


def _fitted(trial: Trial, index: RowIndex, target: Labels, params: Params) -> FittedModel:
    """The plain logistic model, or the mean where the rows have one outcome only."""
    family = logistic.FAMILY if len(np.unique(target[index])) > 1 else prior.FAMILY
    return family.fit(replace(trial.prepared, y=target), index, params=params, seed=0)


def _fitted_to_all(trial: Trial, index: RowIndex, target: Labels) -> FittedModel:
    """The same, its penalty, where rows are few, the middle one of those of the parts."""
    middle = float(np.median([params["C"] for params in _chosen(trial, index, target)]))
    return _fitted(trial, index, target, {"C": middle})


def _own_probability(trial: Trial, index: RowIndex, judged: RowIndex) -> Numbers:
    """The logged probability of the row's own arm; where none was logged, an estimate from the rows of the trial."""
    given = in_trial(trial.arms, trial.actions)
    unknown = given & np.isnan(trial.probability)
    if not unknown.any() or not unknown[given].all():
        return trial.probability
    arms = (CONTROL, *trial.actions)
    told = np.column_stack([_told(trial, given, (trial.arms == arm).astype(float), index, judged) for arm in arms])
    told /= told.sum(axis=1, keepdims=True)
    place = [arms.index(arm) if arm in arms else 0 for arm in trial.arms]
    own = rounding.probabilities(told)[np.arange(len(told)), place]
    return np.where(unknown, np.maximum(own, LEAST_PROPENSITY), trial.probability)


def propensities(trial: Trial, X: Matrix) -> Numbers:
    """The probability of each arm, control first, estimated on all rows of the trial; shape (len(X), n_arms)."""
    given, arms = np.flatnonzero(in_trial(trial.arms, trial.actions)), (CONTROL, *trial.actions)
    told = np.column_stack([_fitted_to_all(trial, given, (trial.arms == arm).astype(float)).predict(X) for arm in arms])
    return rounding.probabilities(np.maximum(told / told.sum(axis=1, keepdims=True), LEAST_PROPENSITY))


def _share(trial: Trial, action: str, index: RowIndex) -> float | FittedModel:
    """The share treated, among the rows of an action and of the control."""
    groups = [trial.probability[index[trial.arms[index] == arm]] for arm in (action, CONTROL)]
    if all(np.ptp(group) == 0 for group in groups):
        given, control = (float(group[0]) for group in groups)
        return given / (given + control)
    either = in_trial(trial.arms[index], (action,))
    return _fitted_to_all(trial, index[either], (trial.arms == action).astype(float))
