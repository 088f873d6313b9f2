"""A column that predicts better than all others together: it may have been recorded after the outcome."""

from collections.abc import Collection

import numpy as np

from experiments.checks.l001_target_copy import ALMOST_PERFECT, target_copy
from experiments.checks.l002_missingness_predicts import missingness_predicts
from experiments.leaks.all_columns import out_of_fold_probabilities
from experiments.leaks.check import LeakEvidence, LeakFinding, check
from experiments.statistics.delong import delong

# From this AUC a column is suspected, and may lead all others together by no more than this.
LEADS = ((0.90, 0.01), (0.80, 0.15))
# Categories of more values are left out of the others: they would take minutes to fit, and add little.
MOST_CATEGORIES = 100


@check("L003")
def future_feature(evidence: LeakEvidence) -> tuple[LeakFinding, ...]:
    """No column alone ranks the outcome very well and clearly better than all others together.

    Refused is an AUC of 0.90 that leads by more than 0.01, or one of 0.80 that leads by more than 0.15; the whole 95 %
    interval of the lead (DeLong, by customer) has to lie above that. The others are a logistic regression, judged on
    the folds, on all columns below 0.90 that no check suspects.
    """
    found = evidence.single_columns
    suspects = [name for name, one in found.items() if LEADS[-1][0] <= one.auc < ALMOST_PERFECT and one.beyond_chance]
    if not suspects:
        return ()
    leaks = {one.subject for check in (target_copy, missingness_predicts) for one in check.examine(evidence)}
    small = [column.name for column in evidence.contract.columns if len(column.categories) <= MOST_CATEGORIES]
    known = [name for name in small if found[name].auc < LEADS[0][0] and name not in leaks]
    asked = (_of(name, [one for one in known if one != name], evidence) for name in suspects if name not in leaks)
    return tuple(one for one in asked if one)


def _of(name: str, others: Collection[str], evidence: LeakEvidence) -> LeakFinding | None:
    column = evidence.single_columns[name]
    allowed = next(lead for least, lead in LEADS if column.auc >= least)
    if column.auc - max((evidence.single_columns[other].auc for other in others), default=0.5) <= allowed:
        return None
    scores = np.column_stack([column.score, out_of_fold_probabilities(others, evidence)])
    known = ~np.isnan(scores).any(axis=1)
    y, customers = evidence.training.y[known], np.unique(evidence.training.customers[known], return_inverse=True)[1]
    if min((y == 1).sum(), (y == 0).sum()) < 2:
        return None
    compared = delong(y, scores[known], clusters=customers)
    lead = compared.difference(0, 1).interval
    if lead.low <= allowed:
        return None
    return LeakFinding(
        name,
        lead.low,
        allowed,
        f"column '{name}' alone ranks the outcome with AUC {compared.aucs[0]:.4f}, all others together with"
        f" {compared.aucs[1]:.4f}: a lead of at least {lead.low:.4f}, up to {allowed:g} is allowed. It was looked up"
        " after the observation date: take it out of the spec, or correct when it was known.",
    )
