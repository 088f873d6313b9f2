"""Columns that together tell the outcome better than honest data do."""

from collections.abc import Collection, Iterator

import numpy as np

from experiments.leaks.boosted import Boosted, boosted, usable
from experiments.leaks.check import Evidence, Finding, Severity, check
from experiments.leaks.single_columns import BEYOND_CHANCE
from experiments.metric import Numbers
from experiments.statistics.delong import DeLong, delong

TOO_GOOD = 0.95
# Or this AUC, where no half of the columns comes within so much of it: what says nothing in parts says it together.
GOOD, ABOVE_HALVES = 0.80, 0.10
DIVISIONS = 2
NAMED = 3


@check("L013", severity=Severity.WARN)
def too_good(evidence: Evidence) -> tuple[Finding, ...]:
    """All columns together do not rank the outcome with an AUC of 0.95, nor far better than every half of them.

    The AUC is that of boosted trees, judged on rows that they have not seen. Halves are those of two random divisions
    of the columns; told is an AUC of 0.80 that is higher than that of each half, the whole 95 % interval of every lead
    (DeLong, by customer) above 0.10. Two columns that say things of their own never come to so much: with normal
    scores, two of the same AUC add 0.083 at most, wherever that lies.
    """
    names = usable(evidence)
    if not names or len(np.unique(evidence.training.y)) < 2:
        return ()
    whole = boosted(names, evidence)
    compared = _compared(evidence, whole.score)
    if compared is None or compared.interval(0).low <= 0.5:
        return ()
    auc, error = float(compared.aucs[0]), float(np.sqrt(compared.covariance[0, 0]))
    if auc >= TOO_GOOD and auc - 0.5 >= BEYOND_CHANCE * error:
        said = f"together rank the outcome with AUC {auc:.3f}, below {TOO_GOOD:g} is expected of honest data"
        return (_finding(whole, said, auc, TOO_GOOD),)
    if auc < GOOD or auc - max(evidence.alone[name].auc for name in names) <= ABOVE_HALVES:
        return ()
    leads = list(_leads(names, whole.score, evidence))
    if len(leads) < 2 * DIVISIONS or min(leads) <= ABOVE_HALVES:
        return ()
    said = f"together rank the outcome with AUC {auc:.3f}, at least {min(leads):.3f} above every half of them, up to"
    return (_finding(whole, f"{said} {ABOVE_HALVES:g} is expected of columns that say different things", min(leads)),)


def _finding(whole: Boosted, said: str, measured: float, allowed: float = ABOVE_HALVES) -> Finding:
    names = sorted(whole.gain, key=lambda name: -whole.gain[name])[:NAMED]
    named = ", ".join(f"'{name}'" for name in names)
    return Finding(
        "columns",
        measured,
        allowed,
        f"columns: all {said}. See whether the most responsible are known when the list is made: {named}.",
    )


def _leads(names: Collection[str], whole: Numbers, evidence: Evidence) -> Iterator[float]:
    """By how much at least the whole is better than each half; nothing more after a half that comes near it."""
    generator, ordered = np.random.default_rng(0), sorted(names)
    for _ in range(DIVISIONS):
        drawn = generator.permutation(len(ordered))
        for half in (drawn[::2], drawn[1::2]):
            if not len(half):
                return
            score = boosted([ordered[place] for place in half], evidence).score
            compared = _compared(evidence, whole, score)
            lead = compared.difference(0, 1).interval.low if compared else 0.0
            yield lead
            if lead <= ABOVE_HALVES:
                return


def _compared(evidence: Evidence, *scores: Numbers) -> DeLong | None:
    together = np.column_stack(scores)
    known = ~np.isnan(together).any(axis=1)
    y = evidence.training.y[known]
    if min((y == 1).sum(), (y == 0).sum()) < 2:
        return None
    customers = np.unique(evidence.training.customers[known], return_inverse=True)[1]
    return delong(y, together[known], clusters=customers)
