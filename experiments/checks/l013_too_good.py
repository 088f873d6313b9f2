"""Columns that together tell the outcome better than honest data do."""

import numpy as np

from experiments.leaks.all_columns import together
from experiments.leaks.boosted import MOST_ROWS, Boosted, boosted, usable
from experiments.leaks.check import Evidence, Finding, Severity, check
from experiments.leaks.single_columns import BEYOND_CHANCE
from experiments.metric import Numbers
from experiments.statistics.delong import DeLong, delong

TOO_GOOD = 0.95
# Or this AUC, where it is so much above what the columns say one by one.
GOOD, BEYOND_SUM = 0.80, 0.10
NAMED = 3


@check("L013", severity=Severity.WARN)
def too_good(evidence: Evidence) -> tuple[Finding, ...]:
    """All columns together do not rank the outcome with an AUC of 0.95, nor far better than they do one by one.

    The AUC is that of boosted trees, judged on rows that they have not seen. Told is also one of 0.80 that is higher
    than that of a logistic regression, which adds up what each column says, the whole 95 % interval of the lead
    (DeLong, by customer) above 0.10: such as two dates that say nothing, and whose order is the outcome.
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
    if auc < GOOD or auc - max(evidence.alone[name].auc for name in names) <= BEYOND_SUM:
        return ()
    compared = _compared(evidence, whole.score, together(names, evidence, most=MOST_ROWS))
    lead = compared.difference(0, 1).interval.low if compared else 0.0
    if lead <= BEYOND_SUM:
        return ()
    said = f"together rank the outcome with AUC {auc:.3f}, at least {lead:.3f} above what each says by itself, up to"
    return (_finding(whole, f"{said} {BEYOND_SUM:g} is expected", lead, BEYOND_SUM),)


def _finding(whole: Boosted, said: str, measured: float, allowed: float) -> Finding:
    names = sorted(whole.gain, key=lambda name: -whole.gain[name])[:NAMED]
    named = ", ".join(f"'{name}'" for name in names)
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
