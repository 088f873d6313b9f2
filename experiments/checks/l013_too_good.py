"""Columns that together give a higher AUC than churn data without leaks hardly ever do."""

from collections.abc import Collection

import numpy as np

from experiments.leaks.boosted import Boosted, boosted, usable
from experiments.leaks.check import LeakEvidence, LeakFinding, Severity, check
from experiments.leaks.single_columns import BEYOND_CHANCE
from experiments.metric import Numbers
from experiments.statistics.delong import DeLong, delong

TOO_GOOD = 0.95
# Or from GOOD on, where the AUC falls without a column of AUC below WEAK alone by BEYOND more than that has above 1/2.
GOOD, WEAK, BEYOND = 0.80, 0.70, 0.05
NAMED = 3


@check("L013", severity=Severity.WARN)
def too_good(evidence: LeakEvidence) -> tuple[LeakFinding, ...]:
    """All columns together do not rank the outcome with an AUC of 0.95, nor by an interaction of weak columns.

    The AUC is that of boosted trees, out of fold. Also reported is an AUC of 0.80 that falls by far without one of the
    three most important columns whose AUC alone is below 0.70: the whole 95 % interval of the fall (DeLong, by
    customer) is more than 0.05 above what that column has above 1/2 alone. Two dates do so when neither predicts
    anything, but their order is the outcome. Independent normal scores never do: without one of them the AUC falls by
    no more than its own has above 1/2.
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
        sentence = f"together rank the outcome with AUC {auc:.3f}, below {TOO_GOOD:g} is expected of honest data"
        return (_finding(whole, sentence, auc, TOO_GOOD),)
    if auc < GOOD:
        return ()
    weak = [name for name in whole.most_responsible(NAMED) if evidence.single_columns[name].auc < WEAK]
    for name in weak:
        own = max(evidence.single_columns[name].auc - 0.5, 0.0)
        if (beyond := _fall(name, names, whole.score, evidence) - own) > BEYOND:
            sentence = (
                f"together rank the outcome with AUC {auc:.3f}; without '{name}' it falls by {beyond:.3f} more than"
                f" the AUC of that column alone explains, up to {BEYOND:g} is expected"
            )
            return (_finding(whole, sentence, beyond, BEYOND),)
    return ()


def _fall(name: str, names: Collection[str], whole: Numbers, evidence: LeakEvidence) -> float:
    """The lower bound of the fall of the AUC without a column."""
    others = [one for one in names if one != name]
    compared = _compared(evidence, whole, boosted(others, evidence).score) if others else None
    return compared.difference(0, 1).interval.low if compared else 0.0


def _finding(whole: Boosted, sentence: str, measured: float, allowed: float) -> LeakFinding:
    named = ", ".join(f"'{name}'" for name in whole.most_responsible(NAMED))
    return LeakFinding(
        "columns",
        measured,
        allowed,
        f"columns: all {sentence}. See whether the most important are known when the list is made: {named}.",
    )


def _compared(evidence: LeakEvidence, *scores: Numbers) -> DeLong | None:
    together = np.column_stack(scores)
    known = ~np.isnan(together).any(axis=1)
    y = evidence.training.y[known]
    if min((y == 1).sum(), (y == 0).sum()) < 2:
        return None
    customers = np.unique(evidence.training.customers[known], return_inverse=True)[1]
    return delong(y, together[known], clusters=customers)
