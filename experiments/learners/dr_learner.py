"""DR-learner: regress on the columns the AIPW score of each row, whose mean is the effect.

Kennedy 2020 (arXiv 2004.14497, algorithm 1), the nuisances cross-fitted: no row's own outcome is in its own.
"""

from experiments.uplift.fitted_learner import Term
from experiments.uplift.learner import Effects, Learner, Lesson


def fit_effects(lesson: Lesson) -> Effects:
    """One regression per action, on all rows of the trial."""
    found = lesson.nuisances()
    models = {
        _name(action): lesson.regression(found.gamma[:, place], found.in_trial)
        for place, action in enumerate(lesson.actions)
    }
    return Effects({action: (Term(1.0, (_name(action),)),) for action in lesson.actions}, models)


def _name(action: str) -> str:
    return f"{action}_effect"


LEARNER = Learner("dr_learner", "regression of doubly robust scores", fit_effects, regresses=True)
