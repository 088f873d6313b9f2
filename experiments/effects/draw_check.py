"""Whether those assigned are as many, and as much at risk, as the logged probabilities say.

Probabilities that are logged and not what drew the assignments (somebody moved customers out of the control, or wrote
a tenth into a file afterwards) would make every effect of them wrong.
"""

from math import sqrt

import numpy as np
from scipy.special import ndtr

from experiments.effects.assigned import NOBODY, Assigned
from experiments.effects.contrast import Comparison
from experiments.metric import Numbers


def draw_p(rows: Assigned, action: int, over: Comparison) -> float:
    """The p-value that the assignments of these rows were drawn with their probabilities, in [0, 1].

    Of the number assigned none, the number assigned the action, and how risk goes with being assigned none, each
    against its expectation (score tests; Bonferroni over the three). Draws are independent given the probabilities;
    systematic samples vary less, so that the test only raises fewer false alarms there.
    """
    if not over.rows.size:
        return 1.0
    given, shares = rows.action[over.rows], rows.probability[over.rows]
    apart = rows.risk[over.rows] - rows.risk[over.rows].mean()
    none = (given == NOBODY) - shares[:, 0], shares[:, 0]
    own = (given == action) - shares[:, 1 + action], shares[:, 1 + action]
    one = np.ones(apart.size)
    scores = [_score(*none, one), _score(*own, one), _score(*none, apart)]
    return min(1.0, len(scores) * 2 * float(ndtr(-max(scores))))


def _score(gap: Numbers, share: Numbers, factor: Numbers) -> float:
    """How many standard deviations the sum of factor times gap is from 0; 0 where nothing varies."""
    variance = float((share * (1 - share)) @ factor**2)
    return abs(float(gap @ factor)) / sqrt(variance) if variance > 0 else 0.0
