"""Risk ranking: an action spares everybody the same share of the risk, so whom it helps most is who is most at risk.

What companies do that have no uplift model; an uplift model has to earn its place against it.
"""

from experiments.statistics import rounding
from experiments.uplift.fitted_learner import Term
from experiments.uplift.learner import Effects, Learner, Lesson
from features.tables import CONTROL

SMALLEST_RISK = 1e-3


def fit_effects(lesson: Lesson) -> Effects:
    """The share that an action spares: its average effect over the average risk without action, both doubly robust."""
    found = lesson.nuisances()
    at_risk = 1.0 - found.mean_good[CONTROL]
    spared = {
        action: (found.mean_good[action] - found.mean_good[CONTROL]) / max(at_risk, SMALLEST_RISK)
        for action in lesson.actions
    }
    shares = {action: rounding.coefficient(min(max(share, -1.0), 1.0)) for action, share in spared.items()}
    return Effects({action: (Term(share, (lesson.without,)),) for action, share in shares.items()})


LEARNER = Learner("risk_ranking", "the same share of the risk for everybody", fit_effects)
