"""A column that knows more than all others together, as one does that was looked up later."""

from collections.abc import Collection

import numpy as np

from experiments.checks.l001_target_copy import ALMOST_PERFECT, target_copy
from experiments.checks.l002_missing_tells import missing_tells
from experiments.leaks.all_columns import together
from experiments.leaks.check import Evidence, Finding, check
from experiments.statistics.delong import delong

# From which AUC a column is suspected, and by how much it may then be better than all others together.
LEADS = ((0.90, 0.01), (0.80, 0.15))
# A category of more values is left out of the others: it would take minutes to fit, and tells them little.
MOST_CATEGORIES = 100


@check("L003")
def future_feature(evidence: Evidence) -> tuple[Finding, ...]:
    """No column alone ranks the outcome very well and clearly better than all others together.

    Refused is an AUC of 0.90 that leads by more than 0.01, or one of 0.80 that leads by more than 0.15; the whole 95 %
    interval of the lead (DeLong, by customer) has to lie above that. The others are a logistic regression, judged on
    the folds, on all columns below 0.90 that no check suspects.
    """
    found = evidence.alone
    suspects = [name for name, one in found.items() if LEADS[-1][0] <= one.auc < ALMOST_PERFECT and one.beyond_chance]
    if not suspects:
        return ()
    leaks = {one.subject for check in (target_copy, missing_tells) for one in check.examine(evidence)}
    small = [column.name for column in evidence.contract.columns if len(column.categories) <= MOST_CATEGORIES]
    known = [name for name in small if found[name].auc < LEADS[0][0] and name not in leaks]
    asked = (_of(name, [one for one in known if one != name], evidence) for name in suspects if name not in leaks)
    return tuple(one for one in asked if one)


def _of(name: str, others: Collection[str], evidence: Evidence) -> Finding | None:
    column = evidence.alone[name]
    allowed = next(lead for least, lead in LEADS if column.auc >= least)
    if column.auc - max((evidence.alone[other].auc for other in others), default=0.5) <= allowed:
        return None
    scores = np.column_stack([column.score, together(others, evidence)])
    known = ~np.isnan(scores).any(axis=1)
    y, customers = evidence.training.y[known], np.unique(evidence.training.customers[known], return_inverse=True)[1]
    if min((y == 1).sum(), (y == 0).sum()) < 2:
        return None
    compared = delong(y, scores[known], clusters=customers)
    lead = compared.difference(0, 1).interval
    if lead.low <= allowed:
        return None
    return Finding(
        name,
        lead.low,
        allowed,
        f"column '{name}' alone ranks the outcome with AUC {compared.aucs[0]:.4f}, all others together with"
        f" {compared.aucs[1]:.4f}: a lead of at least {lead.low:.4f}, up to {allowed:g} is allowed. It was looked up"
        " after the observation date: take it out of the spec, or correct when it was known.",
    )
