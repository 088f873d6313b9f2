"""Interface of an uplift learner: from a risk model that all learners share, it estimates the effect of each action."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from experiments.family import Family, FittedModel, Labels, Params, Prepared, RowIndex
from experiments.metric import Numbers
from experiments.rows.arms import Arms, Mask, rows_of
from experiments.rows.risk_weights import relative
from experiments.uplift.fitted_learner import FittedLearner, Term
from experiments.uplift.nuisances import Nuisances
from features.errors import SpecError
from features.tables import CONTROL

EFFECT = "effect_"
# The outcome without action that counts leaving in the gap too, as effects do; the risk does not.
BY_THE_END = "control_by_the_end"
STOPS = 0


@dataclass(frozen=True)
class Lesson:
    """The input of a learner: the rows at index, and the family, parameters and seed to use.

    arms (None: untreated) and at_risk, the rows of the risk, have shape (n_rows,), n_rows all those that were prepared.
    any_in_gap: customers left before the window opened, here or in another fold. A draft is judged and thrown away: it
    need not be as steady as what is kept. Its risk finds out when to stop, by a part of its own rows that it leaves
    aside; what is kept is given what the drafts have learned.
    weights, shape (n_rows,), is for how many rows of its arm each stands (None: for itself): 1 over the logged
    probability of that arm, in fits of outcomes. Regressions of effects have none: their targets are weighted.
    nuisances and joint are shared by all lessons on the same rows, and made when they are first asked for: see
    `experiments.uplift.nuisances` and `Family.prepare_jointly`.
    """

    family: Family
    prepared: Prepared
    arms: Arms
    actions: tuple[str, ...]
    at_risk: Mask
    weights: Numbers | None
    index: RowIndex
    params: Params
    learned: Mapping[str, Params]
    seed: int
    draft: bool
    members: int | None
    any_in_gap: bool
    nuisances: Callable[[], Nuisances]
    joint: Callable[[], Prepared]

    @property
    def without(self) -> str:
        """The untreated outcome model that effects start from: the risk, unless somebody left in the lead time."""
        return BY_THE_END if self.any_in_gap else CONTROL

    def outcome(self, name: str, mask: Mask) -> FittedModel:
        """The model of the probability to churn, under that name, fitted on the rows of mask."""
        at, params = self.index[mask[self.index]], self._outcome_params(name)
        return self.family.fit(self._weighted(self.prepared, at), at, params=params, seed=self.seed)

    def stopped(self, name: str, mask: Mask) -> FittedModel:
        """The same with one part of the cross-validation held out for early stopping."""
        at = self.index[mask[self.index]]
        aside = self.prepared.parts_of(at) == STOPS
        taught, stop = at[~aside], at[aside]
        if any(len(np.unique(self.prepared.y[rows])) < 2 for rows in (taught, stop)):
            taught, stop = at, at
        prepared, params = self._weighted(self.prepared, at), self._outcome_params(name)
        return self.family.fit(prepared, taught, params=params, seed=self.seed, stop_index=stop)

    def outcomes(self, names: tuple[str, ...]) -> dict[str, FittedModel]:
        """Models of those names under no action and under each action, from one model with the arm as input."""
        fit, params = self.family.needed("fit_jointly", self.family.fit_jointly), self._outcome_params(names[0])
        models = fit(self._weighted(self.joint(), self.index), self.index, params=params, seed=self.seed)
        return dict(zip(names, models, strict=True))

    def regression(self, target: Labels, mask: Mask) -> FittedModel:
        """The model of a number, shape (n_rows,), fitted on the rows of mask."""
        own = {key.removeprefix(EFFECT): value for key, value in self.params.items() if key.startswith(EFFECT)}
        at, prepared = self.index[mask[self.index]], replace(self.prepared, y=target)
        regress = self.family.needed("regress", self.family.regress)
        return regress(prepared, at, params={**own, **self._one_of_a_draft}, seed=self.seed)

    def _weighted(self, prepared: Prepared, at: RowIndex) -> Prepared:
        """The same with the weights of the rows at `at`, relative to the mean of their arm there."""
        found = None if self.weights is None else relative(self.weights, self.arms, self.actions, at=at)
        return prepared if found is None else replace(prepared, weights=found)

    def _outcome_params(self, name: str) -> Params:
        own = {key: value for key, value in self.params.items() if not key.startswith(EFFECT)}
        members = {} if self.draft or self.members is None else {"members": self.members}
        return {**own, **self.learned.get(name, {}), **members, **self._one_of_a_draft}

    @property
    def _one_of_a_draft(self) -> Params:
        return {"members": 1} if self.draft else {}


@dataclass(frozen=True)
class Effects:
    """How effects are computed: their terms, and the further models that these name."""

    terms: Mapping[str, tuple[Term, ...]]
    models: Mapping[str, FittedModel] = field(default_factory=dict)


def no_outcomes(_: tuple[str, ...]) -> dict[str, str]:
    """For learners that model only the risk."""
    return {}


@dataclass(frozen=True)
class Learner:
    """An uplift learner.

    outcomes names the models of outcomes that it has besides the risk, for given actions, each with the arm whose rows
    calibrate it; fit_outcomes fits them; fit_effects does the rest. regresses says that effects are regressions, which
    have parameters of their own. The risk is nobody's choice: untreated rows teach it, whatever the learner.
    """

    name: str
    meaning: str
    fit_effects: Callable[[Lesson], Effects]
    regresses: bool = False
    joint: bool = False
    outcomes: Callable[[tuple[str, ...]], Mapping[str, str]] = no_outcomes
    fit_outcomes: Callable[[Lesson], Mapping[str, FittedModel]] = lambda _: {}

    def lacking(self, family: Family) -> tuple[str, ...]:
        """The functions that the learner needs and a family leaves out."""
        return family.lacks(regression=self.regresses, joint=self.joint)

    def calibrated_on(self, actions: tuple[str, ...], without: str = CONTROL) -> dict[str, str]:
        """The models to calibrate, `control` first, with the arm whose rows calibrate each; without as for a lesson."""
        return {CONTROL: CONTROL, without: CONTROL, **self.outcomes(actions)}

    def fit_calibrated(self, lesson: Lesson) -> dict[str, FittedModel]:
        """The models to calibrate.

        Where customers left in the gap there is one more: the outcome without action that counts them, from which
        effects are told. The risk alone stops by rows left aside; the other outcomes take from it when: a small arm has
        none to spare.
        """
        control = lesson.stopped(CONTROL, lesson.at_risk) if lesson.draft else lesson.outcome(CONTROL, lesson.at_risk)
        models = {CONTROL: control}
        if not lesson.actions:
            return models
        if lesson.draft:
            learned = dict.fromkeys((BY_THE_END, *self.outcomes(lesson.actions)), control.learned)
            lesson = replace(lesson, learned=learned)
        if lesson.any_in_gap:
            models[BY_THE_END] = lesson.outcome(BY_THE_END, rows_of(lesson.arms, CONTROL, lesson.actions))
        return {**models, **self.fit_outcomes(lesson)}

    def fit(self, lesson: Lesson) -> FittedLearner:
        """Fit the risk and, where there are actions, their effects; without calibration."""
        models = self.fit_calibrated(lesson)
        effects = self.fit_effects(lesson) if lesson.actions else Effects({})
        return FittedLearner({**models, **effects.models}, effects.terms, without=lesson.without)


def able_to_use(family: Family, learners: Sequence[Learner]) -> list[str]:
    """The names of the learners that can use a family. Raises SpecError when there are none."""
    lacking = {learner.name: learner.lacking(family) for learner in learners}
    if able := [name for name, functions in lacking.items() if not functions]:
        return able
    told = "; ".join(f"{name} needs {' and '.join(functions)}" for name, functions in lacking.items())
    raise SpecError(
        f"tuning.families: '{family.name}' is a family for risk alone, and no learner of tuning.learners can use it"
        f" ({told}). Write t_learner or risk_ranking there, take the family out, or give it these functions in"
        f" experiments/families/{family.name}.py."
    )
