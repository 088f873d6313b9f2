"""S-learner: one model of all outcomes is told the arm, and asked under no action and under each."""

from experiments.family import FittedModel
from experiments.uplift.fitted_learner import Term
from experiments.uplift.learner import Effects, Learner, Lesson
from features.tables import CONTROL


def outcomes(actions: tuple[str, ...]) -> dict[str, str]:
    """The one model asked under every arm."""
    return {_asked(arm): arm for arm in (CONTROL, *actions)}


def fit_outcomes(lesson: Lesson) -> dict[str, FittedModel]:
    """All rows teach the one model."""
    return lesson.outcomes(tuple(outcomes(lesson.actions)))


def fit_effects(lesson: Lesson) -> Effects:
    """The same model under no action and under the action."""
    without = Term(1.0, (_asked(CONTROL),))
    return Effects({action: (without, Term(-1.0, (_asked(action),))) for action in lesson.actions})


def _asked(arm: str) -> str:
    return f"joint_{arm}"


LEARNER = Learner(
    name="s_learner",
    meaning="one model for all arms, told the arm",
    fit_effects=fit_effects,
    joint=True,
    outcomes=outcomes,
    fit_outcomes=fit_outcomes,
)
