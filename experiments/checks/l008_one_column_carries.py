"""A column without which the model would be far worse: maybe it was measured during, or after, what is predicted."""

from collections.abc import Collection, Iterator

import numpy as np

from experiments.leaks.all_columns import saying_the_same, together
from experiments.leaks.check import Evidence, Finding, Severity, check
from experiments.metric import Numbers
from experiments.statistics.delong import delong

# A column is asked of when it alone comes to this AUC, the strongest few of them ...
STRONG, ASKED = 0.70, 3
# ... and told when all columns come to this AUC, and the AUC falls by more than this without it.
FALLS = ((0.90, 0.05), (0.80, 0.15))
# A category of more values would take minutes to fit.
MOST_CATEGORIES = 100
# A fit on so many rows tells such a fall.
MOST_ROWS = 20_000


@check("L008", severity=Severity.WARN)
def one_column_carries(evidence: Evidence) -> tuple[Finding, ...]:
    """Without a strong column, and others that say the same, the AUC does not fall by far.

    Told where all columns together come to an AUC of 0.90 (a logistic regression, judged on the folds) and the whole
    95 % interval of the fall (DeLong, by customer) lies above 0.05; from 0.80 on, where it lies above 0.15. Categories
    of many values are left out.
    """
    alone = evidence.alone
    names = [column.name for column in evidence.contract.columns if len(column.categories) <= MOST_CATEGORIES]
    strong = [name for name in names if alone[name].beyond_chance and alone[name].auc >= STRONG]
    if not strong or len(names) < 2:
        return ()
    whole = together(names, evidence, most=MOST_ROWS)
    asked = sorted(strong, key=lambda name: -alone[name].auc)[:ASKED]
    said: set[str] = set()
    found: list[Finding] = []
    for name in asked:
        same = saying_the_same(name, evidence)
        if name not in said:
            found += _of(same, names, whole, evidence=evidence)
        said |= {*same}
    return tuple(sorted(found, key=lambda one: -one.measured))


def _of(same: list[str], names: Collection[str], whole: Numbers, *, evidence: Evidence) -> Iterator[Finding]:
    name, others = same[0], [one for one in names if one not in same]
    scores = np.column_stack([whole, together(others, evidence, most=MOST_ROWS)])
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
    beside = f" and {', '.join(same[1:])}, which say the same" if same[1:] else ""
    yield Finding(
        name,
        fall.value,
        allowed,
        f"column '{name}' carries most: without it{beside} the AUC falls by {fall.value:.3f}, from"
        f" {compared.aucs[0]:.3f} to {compared.aucs[1]:.3f}, up to {allowed:g} is expected of one column. See whether"
        " it is known when the list is made, and not only during or after what is predicted, such as how long the very"
        " call took.",
    )
