"""The effect of an action on all who were assigned it, reached or not (intention to treat), against those withheld."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from experiments.assignment import detectable
from experiments.effects.assigned import NOBODY, Assigned, Mask
from experiments.effects.contrast import Comparison, Contrast, comparable, contrast, effective_customers, means
from experiments.effects.draw_check import draw_p
from experiments.statistics.poisson import Clusters

# So many customers must be expected to leave, and to stay, of those assigned and of those withheld, if both fare alike.
# Not counted in each arm: that would wait until many happen to leave among those withheld, and then find that the
# action helps. docs/statistics.md, "Effects of rounds", has the coverage at this number.
FEWEST = 10

NOT_LOGGED = "no probability of assignment was logged"
NOBODY_ASSIGNED = "nobody was assigned the action"
NO_CONTROL = "nobody who could have got the action was withheld by chance"
PENDING = "the outcomes are not known yet"
TOO_FEW = f"fewer than {FEWEST} customers of those assigned, or withheld, may be expected to leave, or to stay"
NOT_AS_DRAWN = "the assignments do not follow the logged probabilities"
# Of rounds that were drawn as logged, one in a thousand is refused.
ALARM = 0.001


@dataclass(frozen=True)
class Counts:
    """How many rows an action has: assigned it and withheld from it, of which pending, and customers behind both.

    left_assigned and left_withheld are of the mature rows, and None as long as there is none; unlogged rows were
    assigned the action with no logged probability, certain rows could not have been withheld. Neither judges.
    """

    assigned: int
    withheld: int
    customers: int
    pending_assigned: int
    pending_withheld: int
    left_assigned: int | None
    left_withheld: int | None
    unlogged: int
    certain: int


@dataclass(frozen=True)
class Effect:
    """The change of the share that stays, in [-1, 1], by an action; above 0 it keeps customers.

    stayed holds the weighted shares that stayed of those assigned and of those withheld. plain is the difference of
    the two, adjusted the same adjusted by the risk predicted before the round; use adjusted. detectable is the size of
    effect that so many customers show with power 0.8 at 5 %. Where missing says why nothing can be estimated, the
    counts stand alone.
    """

    action: str
    counts: Counts
    missing: str | None
    detectable: float
    stayed: tuple[float, float] | None = None
    plain: Contrast | None = None
    adjusted: Contrast | None = None


def effect(rows: Assigned, action: str, *, among: Mask | None = None) -> Effect:
    """The effect of an action, by name, on those who could have got it or nothing.

    The rows are the mature ones, of logged probability, in which both were possible; among, shape (n_rows,), narrows
    them. All means are weighted by the logged probabilities, and adjusted by the risk (`contrast.contrast`); rows of
    one customer are one cluster, over all rounds: the windows of monthly rounds overlap, and it is the same customer
    who stays or leaves in each. The outcome is staying until the end of the window; leaving within the lead time is
    leaving.
    """
    place = rows.place(action)
    chosen = np.ones(rows.mature.size, dtype=bool) if among is None else among
    counts, over = _counts(rows, place, chosen), comparable(rows, place, among=chosen)
    missing = _missing(rows, place, counts, over)
    if missing:
        return Effect(action, counts, missing, _expected(rows, place, chosen))
    plain, adjusted = contrast(over, rows.stayed), contrast(over, rows.stayed, rows.risk)
    least = detectable.Z_SUM * adjusted.standard_error
    return Effect(action, counts, None, least, means(over, rows.stayed), plain, adjusted)


def effects_by(rows: Assigned, action: str, label: str) -> Iterator[tuple[str, Effect]]:
    """The effect within each value of a label (round, segment, level ...), in order of the values.

    A label must be known before the draw: what happened later would compare unlike customers.
    """
    values = rows.label(label)
    for value in sorted(values.unique()):
        yield value, effect(rows, action, among=(values == value).to_numpy(dtype=bool))


def _counts(rows: Assigned, action: int, chosen: Mask) -> Counts:
    none, own = rows.probability[:, 0], rows.probability[:, 1 + action]
    given = chosen & (rows.action == action)
    with np.errstate(invalid="ignore"):
        possible = chosen & rows.logged & (none > 0) & (own > 0)
    acted, withheld = possible & given, possible & (rows.action == NOBODY)
    known = rows.mature

    def left(arm: Mask) -> int | None:
        return int(rows.churned[arm & known].sum()) if (arm & known).any() else None

    return Counts(
        assigned=int(acted.sum()),
        withheld=int(withheld.sum()),
        customers=_distinct(rows.customers[acted | withheld]),
        pending_assigned=int((acted & ~known).sum()),
        pending_withheld=int((withheld & ~known).sum()),
        left_assigned=left(acted),
        left_withheld=left(withheld),
        unlogged=int((given & ~rows.logged).sum()),
        certain=int((given & rows.logged & ~possible).sum()),
    )


def _missing(rows: Assigned, action: int, counts: Counts, over: Comparison) -> str | None:
    """Why there can be no estimate; None where there can."""
    if not counts.assigned:
        return NO_CONTROL if counts.certain else NOT_LOGGED if counts.unlogged else NOBODY_ASSIGNED
    if not counts.withheld:
        return NO_CONTROL
    if counts.left_assigned is None or counts.left_withheld is None:
        return PENDING
    if _fewest(rows, over) < FEWEST:
        return TOO_FEW
    return NOT_AS_DRAWN if draw_p(rows, action, over) < ALARM else None


def _fewest(rows: Assigned, over: Comparison) -> float:
    """The expected number of customers who leave, or stay, in the smaller arm, if both fare alike.

    Customers of unequal weight count as many as tell as much; who comes every month, and leaves once, is one.
    """
    compared = (over.acted > 0) | (over.withheld > 0)
    stayed, customers = rows.stayed[over.rows][compared], over.customers[compared]
    rarer = min(_distinct(customers[stayed == outcome]) for outcome in (0, 1))
    smaller = min(effective_customers(over, weights) for weights in (over.acted, over.withheld))
    return smaller * rarer / _distinct(customers)


def _distinct(customers: Clusters) -> int:
    return int(np.count_nonzero(np.bincount(customers)))


def _expected(rows: Assigned, action: int, chosen: Mask) -> float:
    """The detectable effect by the predicted risk and the numbers assigned and withheld; inf without a control."""
    with np.errstate(invalid="ignore"):
        possible = chosen & rows.logged & (rows.probability[:, 0] > 0) & (rows.probability[:, 1 + action] > 0)
    acted, withheld = (int((possible & (rows.action == one)).sum()) for one in (action, NOBODY))
    if not acted or not withheld:
        return float("inf")
    both = acted + withheld
    return detectable.effect(float(rows.risk[possible].mean()), customers=both, control=withheld / both)
