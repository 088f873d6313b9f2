"""X-learner: regress imputed effects in the action's rows and in the control's, and weigh the two regressions.

Künzel et al. 2019 (PNAS 116, equations 8 to 10): with g the propensity of the action, tau = g tau_control + (1 - g)
tau_action, so that the regression of the larger group counts more.
"""

import numpy as np

from experiments.family import FittedModel
from experiments.uplift.fitted_learner import Term
from experiments.uplift.learner import Effects, Learner, Lesson
from experiments.uplift.nuisances import Nuisances
from features.tables import CONTROL


def fit_effects(lesson: Lesson) -> Effects:
    """Two regressions per action; the propensity of the action is a number where it is the same for all rows."""
    found = lesson.nuisances()
    terms: dict[str, tuple[Term, ...]] = {}
    models: dict[str, FittedModel] = {}
    for action in lesson.actions:
        models |= _regressions(lesson, found, action)
        share = found.shares[action]
        if not isinstance(share, float):
            models[f"{action}_share"] = share
        terms[action] = _weighed(action, share if isinstance(share, float) else None)
    return Effects(terms, models)


def _regressions(lesson: Lesson, found: Nuisances, action: str) -> dict[str, FittedModel]:
    """Of those given the action: what happened less what would have without; of the control: the other way round."""
    given, control = lesson.arms == action, lesson.arms == CONTROL
    imputed = np.where(given, found.good - found.outcomes[CONTROL], found.outcomes[action] - found.good)
    return {
        f"{action}_of_given": lesson.regression(imputed, given),
        f"{action}_of_control": lesson.regression(imputed, control),
    }


def _weighed(action: str, share: float | None) -> tuple[Term, ...]:
    given, control, model = f"{action}_of_given", f"{action}_of_control", f"{action}_share"
    if share is not None:
        return Term(share, (control,)), Term(1.0 - share, (given,))
    return Term(1.0, (given,)), Term(1.0, (model, control)), Term(-1.0, (model, given))


LEARNER = Learner("x_learner", "regressions of imputed effects, weighed by propensity", fit_effects, regresses=True)
