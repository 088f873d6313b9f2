"""A column without which the model would be far worse: maybe it was measured during, or after, what is predicted."""

import warnings
from collections.abc import Collection, Iterator

import numpy as np
import pandas as pd
from scipy.stats import ConstantInputWarning

from experiments.leaks.all_columns import together
from experiments.leaks.check import Evidence, Finding, Severity, check
from experiments.metric import Numbers
from experiments.statistics.delong import delong

# A column is asked of when it alone comes to this AUC, the strongest few of them ...
STRONG, ASKED = 0.70, 3
# ... and told when all columns come to this AUC, and the AUC falls by more than this without it.
GOOD, FALL = 0.80, 0.05
# Columns whose ranks go so far together say the same, and are left out with it.
SAME = 0.95
# A category of more values would take minutes to fit.
MOST_CATEGORIES = 100
# A fit on so many rows tells such a fall.
MOST_ROWS = 20_000


@check("L008", severity=Severity.WARN)
def one_column_carries(evidence: Evidence) -> tuple[Finding, ...]:
    """Without its strongest column, and others that say the same, the AUC does not fall by more than 0.05.

    Told where all columns together come to an AUC of 0.80 (a logistic regression, judged on the folds), and the whole
    95 % interval of the fall (DeLong, by customer) lies above 0.05. Categories of many values are left out.
    """
    alone = evidence.alone
    names = [column.name for column in evidence.contract.columns if len(column.categories) <= MOST_CATEGORIES]
    strong = [name for name in names if alone[name].beyond_chance and alone[name].auc >= STRONG]
    if not strong or len(names) < 2:
        return ()
    whole = together(names, evidence, most=MOST_ROWS)
    asked = sorted(strong, key=lambda name: -alone[name].auc)[:ASKED]
    found = [one for name in asked for one in _of(name, names, whole, evidence=evidence)]
    return tuple(sorted(found, key=lambda one: -one.measured)[:1])


def _of(name: str, names: Collection[str], whole: Numbers, *, evidence: Evidence) -> Iterator[Finding]:
    same = _same(name, evidence)
    others = [one for one in names if one not in same]
    scores = np.column_stack([whole, together(others, evidence, most=MOST_ROWS)])
    known = ~np.isnan(scores).any(axis=1)
    y = evidence.training.y[known]
    if min((y == 1).sum(), (y == 0).sum()) < 2:
        return
    customers = np.unique(evidence.training.customers[known], return_inverse=True)[1]
    compared = delong(y, scores[known], clusters=customers)
    fall = compared.difference(0, 1).interval
    if compared.aucs[0] < GOOD or fall.low <= FALL:
        return
    beside = f" and {', '.join(same[1:])}, which say the same" if same[1:] else ""
    yield Finding(
        name,
        fall.value,
        FALL,
        f"column '{name}' carries most: without it{beside} the AUC falls by {fall.value:.3f}, from"
        f" {compared.aucs[0]:.3f} to {compared.aucs[1]:.3f}, up to {FALL:g} is expected of one column. See whether it"
        " is known when the list is made, and not only during or after what is predicted, such as how long the very"
        " call took.",
    )


def _same(name: str, evidence: Evidence) -> list[str]:
    """The column, and after it those that rank the rows that hold both as it does, either way round."""
    contract, X = evidence.contract, evidence.training.X
    numbers = [place for place, column in enumerate(contract.columns) if column.type != "category"]
    own = contract.names.index(name)
    if own not in numbers:
        return [name]
    ranks = pd.DataFrame(X[:: max(1, len(X) // MOST_ROWS)][:, numbers], columns=numbers)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConstantInputWarning)  # what is the same everywhere agrees with nothing
        agree = ranks.corrwith(ranks[own], method="spearman").abs()
    return [name, *(contract.names[place] for place in numbers if place != own and agree[place] >= SAME)]
