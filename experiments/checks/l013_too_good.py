"""Columns that together tell the outcome better than honest data do."""

from collections.abc import Collection

import numpy as np

from experiments.leaks.boosted import Boosted, boosted, usable
from experiments.leaks.check import Evidence, Finding, Severity, check
from experiments.leaks.single_columns import BEYOND_CHANCE
from experiments.metric import Numbers
from experiments.statistics.delong import DeLong, delong

TOO_GOOD = 0.95
# Or this AUC, where it falls without a column that comes to no more alone by so much more than it tells alone.
GOOD, WEAK, BEYOND = 0.80, 0.70, 0.05
NAMED = 3


@check("L013", severity=Severity.WARN)
def too_good(evidence: Evidence) -> tuple[Finding, ...]:
    """All columns together do not rank the outcome with an AUC of 0.95, nor by what two say only side by side.

    The AUC is that of boosted trees, judged on rows that they have not seen. Told is also one of 0.80 that falls
    without one of the three most responsible columns, whose own AUC is below 0.70, by more than that has above 1/2: the
    whole 95 % interval of the fall (DeLong, by customer) lies more than 0.05 above it. So does the later of two dates
    that say nothing, and whose order is the outcome. Of normal scores that say things of their own, the AUC falls
    without none by more than that one's has above 1/2.
    """
    names = usable(evidence)
    if not names or len(np.unique(evidence.training.y)) < 2:
        return ()
    whole = boosted(names, evidence)
    compared = _compared(evidence, whole.score)
    if compared is None:
        return ()
    auc, error = float(compared.aucs[0]), float(np.sqrt(compared.covariance[0, 0]))
    if auc >= TOO_GOOD and auc - 0.5 >= BEYOND_CHANCE * error:
        said = f"together rank the outcome with AUC {auc:.3f}, below {TOO_GOOD:g} is expected of honest data"
        return (_finding(whole, said, auc, TOO_GOOD),)
    if auc < GOOD:
        return ()
    weak = [name for name in whole.most_responsible(NAMED) if evidence.alone[name].auc < WEAK]
    for name in weak:
        own = max(evidence.alone[name].auc - 0.5, 0.0)
        if (beyond := _fall(name, names, whole.score, evidence) - own) > BEYOND:
            said = (
                f"together rank the outcome with AUC {auc:.3f}; without '{name}' it falls by {beyond:.3f} more than"
                f" that column tells alone, up to {BEYOND:g} is expected"
            )
            return (_finding(whole, said, beyond, BEYOND),)
    return ()


def _fall(name: str, names: Collection[str], whole: Numbers, evidence: Evidence) -> float:
    """By how much at least the AUC falls without a column."""
    others = [one for one in names if one != name]
    compared = _compared(evidence, whole, boosted(others, evidence).score) if others else None
    return compared.difference(0, 1).interval.low if compared else 0.0


def _finding(whole: Boosted, said: str, measured: float, allowed: float) -> Finding:
    named = ", ".join(f"'{name}'" for name in whole.most_responsible(NAMED))
    return Finding(
        "columns",
        measured,
        allowed,
        f"columns: all {said}. See whether the most responsible are known when the list is made: {named}.",
    )


def _compared(evidence: Evidence, *scores: Numbers) -> DeLong | None:
    together = np.column_stack(scores)
    known = ~np.isnan(together).any(axis=1)
    y = evidence.training.y[known]
    if min((y == 1).sum(), (y == 0).sum()) < 2:
        return None
    customers = np.unique(evidence.training.customers[known], return_inverse=True)[1]
    return delong(y, together[known], clusters=customers)
