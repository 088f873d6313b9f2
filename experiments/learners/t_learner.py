"""T-learner: the risk under each action has a model of its own; an effect is a difference of risks."""

from experiments.family import FittedModel
from experiments.uplift.fitted_learner import Term
from experiments.uplift.learner import Effects, Learner, Lesson


def outcomes(actions: tuple[str, ...]) -> dict[str, str]:
    """A model for each action, of the same name."""
    return {action: action for action in actions}


def fit_outcomes(lesson: Lesson) -> dict[str, FittedModel]:
    """The rows of each action teach its model."""
    return {action: lesson.outcome(action, lesson.arms == action) for action in lesson.actions}


def fit_effects(lesson: Lesson) -> Effects:
    """The probability to leave without action less that under it."""
    return Effects({action: (Term(1.0, (lesson.without,)), Term(-1.0, (action,))) for action in lesson.actions})


LEARNER = Learner(
    name="t_learner",
    meaning="one model without action, one per action",
    fit_effects=fit_effects,
    outcomes=outcomes,
    fit_outcomes=fit_outcomes,
)
