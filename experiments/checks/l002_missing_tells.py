"""A column whose being there or not tells the outcome, whatever stands in it."""

from collections.abc import Iterator

import numpy as np

from experiments.family import Labels
from experiments.leaks.check import Evidence, Finding, check
from experiments.leaks.single_columns import alone, outcomes
from experiments.metric import Numbers

ALMOST_ALONE = 0.90
ALMOST_ALL = 0.99


@check("L002")
def missing_tells(evidence: Evidence) -> tuple[Finding, ...]:
    """Whether a column is filled in does not tell the outcome almost alone.

    Refused is an AUC of 0.90 of this alone, beyond chance, or 30 rows that hold it (or lack it) of which 99 in 100 have
    the rarer outcome.
    """
    y = evidence.training.y
    names = enumerate(evidence.contract.names)
    return tuple(one for place, name in names for one in _of(name, np.isnan(evidence.training.X[:, place]), y))


def _of(name: str, missing: np.ndarray, y: Labels) -> Iterator[Finding]:
    if missing.all() or not missing.any():
        return
    filled: Numbers = missing.astype(np.float64)
    found = alone(filled, y, category=True)
    remedy = "it was filled in after the outcome. Take it out of the spec."
    if found.auc >= ALMOST_ALONE and found.beyond_chance:
        yield Finding(
            name,
            found.auc,
            ALMOST_ALONE,
            f"column '{name}': whether it is filled in ranks the outcome with AUC {found.auc:.4f}, below"
            f" {ALMOST_ALONE:.2f} is allowed: {remedy}",
        )
        return
    for words, rows in (("hold", ~missing), ("lack", missing)):
        of_rows = outcomes(y, rows)
        if of_rows.gives_away(ALMOST_ALL):
            yield Finding(
                name,
                of_rows.rarer,
                ALMOST_ALL,
                f"column '{name}': of {of_rows.rows:,} rows that {words} it, {of_rows.rarer:.1%} have the rarer outcome"
                f", below {ALMOST_ALL:.0%} is allowed: {remedy}",
            )
