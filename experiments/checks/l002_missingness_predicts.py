"""A column whose missingness predicts the outcome."""

from collections.abc import Iterator

import numpy as np

from experiments.family import Labels
from experiments.leaks.check import LeakEvidence, LeakFinding, check
from experiments.leaks.single_columns import outcomes, single_column_auc
from experiments.metric import Numbers

ALMOST_ALONE = 0.90
ALMOST_ALL = 0.99


@check("L002")
def missingness_predicts(evidence: LeakEvidence) -> tuple[LeakFinding, ...]:
    """No column's missingness alone predicts the outcome almost perfectly.

    Refused: whether the column is missing ranks the outcome with an AUC of 0.90, beyond chance; or of at least 30 rows
    that hold it (or lack it) 99 in 100 have the rarer outcome.
    """
    y = evidence.training.y
    names = enumerate(evidence.contract.names)
    return tuple(one for place, name in names for one in _of(name, np.isnan(evidence.training.X[:, place]), y))


def _of(name: str, missing: np.ndarray, y: Labels) -> Iterator[LeakFinding]:
    if missing.all() or not missing.any():
        return
    filled: Numbers = missing.astype(np.float64)
    found = single_column_auc(filled, y, category=True)
    remedy = "it was filled in after the outcome. Take it out of the spec."
    if found.auc >= ALMOST_ALONE and found.beyond_chance:
        yield LeakFinding(
            name,
            found.auc,
            ALMOST_ALONE,
            f"column '{name}': whether it is filled in ranks the outcome with AUC {found.auc:.4f}, below"
            f" {ALMOST_ALONE:.2f} is allowed: {remedy}",
        )
        return
    for words, rows in (("hold", ~missing), ("lack", missing)):
        of_rows = outcomes(y, rows)
        if of_rows.separates_outcome(ALMOST_ALL):
            yield LeakFinding(
                name,
                of_rows.rarer,
                ALMOST_ALL,
                f"column '{name}': of {of_rows.rows:,} rows that {words} it, {of_rows.rarer:.1%} have the rarer outcome"
                f", below {ALMOST_ALL:.0%} is allowed: {remedy}",
            )
