"""The effect on those who are reached because they were assigned the action: assignment as the instrument.

Who is reached differs from who is not, also without any contact. So *reached* is never compared with *withheld*: the
effect of the assignment is divided by the share that the assignment reached. Two things are taken for granted, which
no data can show: the assignment changes nothing but through reaching somebody (exclusion; a letter that annoys without
being answered violates it), and nobody is reached because of being withheld (monotonicity).
"""

from dataclasses import dataclass

import numpy as np

from experiments.effects.assigned import NOBODY, Assigned, Mask
from experiments.effects.by_assignment import Effect
from experiments.effects.contrast import Contrast, comparable, contrast, means
from experiments.effects.cumulated import score
from experiments.metric import Numbers
from experiments.statistics.fieller import Moments, RatioSet, ratio_set


@dataclass(frozen=True)
class Complier:
    """The effect on those reached through the assignment, in [-1, 1] but for chance; missing says why there is none.

    reached holds the weighted shares reached of those assigned and of those withheld.
    """

    effect: RatioSet | None
    reached: tuple[float, float] | None
    missing: str | None


def complier(
    rows: Assigned, found: Effect, *, level: float = 0.95, information: float | None = None, among: Mask | None = None
) -> Complier:
    """The Wald ratio with Fieller's set (Imbens & Angrist 1994): effect by assignment / share reached by it.

    found is the effect of the same rows, and information that of `cumulated.information`: then the sets of all looks
    hold together, as the intervals of the effect do; None is for one look that was planned before. Both parts are
    weighted and adjusted in the same way, and their dependence is that of what customers contribute to each. Somebody
    withheld for whom nothing is recorded was not reached; where anybody assigned has no record there is no estimate,
    for it would count them as not reached.
    """
    if found.adjusted is None:
        return Complier(None, None, found.missing)
    over = comparable(rows, rows.place(found.action), among=among)
    unknown = np.isnan(rows.reached[over.rows])
    if lacking := int((unknown & (over.acted > 0)).sum()):
        of = int((over.acted > 0).sum())
        return Complier(None, None, f"for {lacking} of {of} assigned nobody recorded whether they were reached")
    reached: Numbers = np.where(np.isnan(rows.reached) & (rows.action == NOBODY), 0.0, rows.reached)
    reached = np.nan_to_num(reached)
    share = contrast(over, reached, rows.risk)
    return Complier(ratio(found.adjusted, share, score(information, level=level)), means(over, reached), None)


def ratio(above: Contrast, below: Contrast, normal_score: float) -> RatioSet:
    """Fieller's set of the ratio of two figures of the same customers, so many standard errors wide.

    It is made of all ratios r for which above - r below, which is a figure of the same customers too, is not shown to
    differ from 0. So with the score of a confidence sequence it holds at every look, where that sequence does.
    """
    moments = Moments(
        above.value,
        below.value,
        float(above.influence @ above.influence),
        float(below.influence @ below.influence),
        float(above.influence @ below.influence),
    )
    # Student's t by the degrees of freedom of the numerator, which is what varies most.
    error = above.standard_error
    return ratio_set(moments, above.reach(normal_score) / error if error else normal_score)
