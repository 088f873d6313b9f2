"""A column that most of the model's AUC depends on: it may have been measured after the fact."""

from collections.abc import Collection, Iterator

import numpy as np

from experiments.leaks.all_columns import out_of_fold_probabilities, rank_correlated
from experiments.leaks.check import LeakEvidence, LeakFinding, Severity, check
from experiments.metric import Numbers
from experiments.statistics.delong import delong

# Examined are the few strongest columns of at least this AUC alone ...
STRONG, ASKED = 0.70, 3
# ... and reported when all columns reach this AUC, which falls by more than this without the column.
FALLS = ((0.90, 0.05), (0.80, 0.15))
# Categories of more values would take minutes to fit.
MOST_CATEGORIES = 100
# A fit on so many rows suffices to measure such a fall.
MOST_ROWS = 20_000


@check("L008", severity=Severity.WARN)
def single_column_dominates(evidence: LeakEvidence) -> tuple[LeakFinding, ...]:
    """Without any one strong column, and those correlated with it, the AUC does not fall by much.

    Reported where all columns together have an AUC of 0.90 (logistic regression, out of fold) and the whole 95 %
    interval of the fall (DeLong, by customer) lies above 0.05; or an AUC of 0.80 and a fall above 0.15. Categories of
    many values are left out.
    """
    single = evidence.single_columns
    names = [column.name for column in evidence.contract.columns if len(column.categories) <= MOST_CATEGORIES]
    strong = [name for name in names if single[name].beyond_chance and single[name].auc >= STRONG]
    if not strong or len(names) < 2:
        return ()
    whole = out_of_fold_probabilities(names, evidence, most=MOST_ROWS)
    asked = sorted(strong, key=lambda name: -single[name].auc)[:ASKED]
    seen: set[str] = set()
    found: list[LeakFinding] = []
    for name in asked:
        same = rank_correlated(name, evidence)
        if name not in seen:
            found += _of(same, names, whole, evidence=evidence)
        seen |= {*same}
    return tuple(sorted(found, key=lambda one: -one.measured))


def _of(same: list[str], names: Collection[str], whole: Numbers, *, evidence: LeakEvidence) -> Iterator[LeakFinding]:
    name, others = same[0], [one for one in names if one not in same]
    scores = np.column_stack([whole, out_of_fold_probabilities(others, evidence, most=MOST_ROWS)])
    known = ~np.isnan(scores).any(axis=1)
    y = evidence.training.y[known]
    if min((y == 1).sum(), (y == 0).sum()) < 2:
        return
    customers = np.unique(evidence.training.customers[known], return_inverse=True)[1]
    compared = delong(y, scores[known], clusters=customers)
    fall = compared.difference(0, 1).interval
    allowed = next((most for good, most in FALLS if compared.aucs[0] >= good), None)
    if allowed is None or fall.low <= allowed:
        return
    beside = f" and {', '.join(same[1:])}, which are correlated with it" if same[1:] else ""
    yield LeakFinding(
        name,
        fall.value,
        allowed,
        f"column '{name}' dominates: without it{beside} the AUC falls by {fall.value:.3f}, from"
        f" {compared.aucs[0]:.3f} to {compared.aucs[1]:.3f}, up to {allowed:g} is expected of one column. See whether"
        " it is known when the list is made, and not only during or after the outcome, as the length of the sales call"
        " that was accepted.",
    )
