"""T-learner: one model of the risk without action, and one of the risk under each action, fitted apart."""

import numpy as np
import numpy.typing as npt

from experiments.learner import Arms, Learner
from features.tables import CONTROL


def members(arms: Arms, actions: tuple[str, ...]) -> dict[str, npt.NDArray[np.bool_]]:
    """Untreated rows (the control, and those in no campaign) teach the control's model, each action's rows its own."""
    untreated = ~np.isin(arms, np.array(actions, dtype=object))
    return {CONTROL: untreated} | {action: arms == action for action in actions}


LEARNER = Learner("t_learner", "one model without action, one per action", members)
