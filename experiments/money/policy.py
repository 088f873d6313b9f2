"""The contact policy: the action for each customer that maximises the expected value within the limits."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from experiments.metric import Numbers
from experiments.money.allocation import Scarce, allocate
from experiments.money.limits import OPTED_OUT, UNLIMITED, Limits, Mask
from features.errors import MetricError

NOBODY = -1
NO_REASON, BUDGET_SPENT, CAPACITY_FULL = "none", "budget spent", "capacity full"

Choice = NDArray[np.intp]
Ids = NDArray[np.generic]


def choose(
    *, uplift: Numbers, value: Numbers, cost: Numbers, limits: Limits, ids: Ids, may_contact: Mask | None = None
) -> Choice:
    """The action of every customer, as its column in uplift, or -1 for none; shape (n_rows,).

    uplift, shape (n_rows, n_actions), is the predicted change of the chance of a good outcome; value,
    shape (n_rows,), what a good outcome is worth; cost, shape (n_actions,), what an action costs, in the
    same currency. The net value of an action is value * uplift - cost. Of all choices within the limits that contact
    nobody of negative value, nobody outside may_contact, shape (n_rows,), or (n_rows, n_actions) where it differs
    between actions (default: everybody), and nobody for a net value of 0 or less, it is one of the highest total net
    value: exactly where only the number of contacts is limited, else as `experiments.money.allocation.allocate` says.
    Of customers with equal net values the smaller of ids, shape (n_rows,), goes first; the order of rows changes
    nothing.
    Raises MetricError for shapes that do not fit or missing figures.
    """
    net_value = net_values(uplift, value=value, cost=cost, may_contact=may_contact)
    if not net_value.shape[0] == ids.size or len(limits.by_action) != cost.size:
        raise MetricError(f"policy: uplift {uplift.shape} does not fit ids {ids.shape} and limits {limits.by_action}.")
    choice = nobody(value.size)
    worthwhile = np.flatnonzero(net_value.max(axis=1, initial=-np.inf) > 0)
    best_first = _best_first if limits.only_contacts else _within
    choice[worthwhile] = best_first(net_value[worthwhile], ids[worthwhile], cost=cost, limits=limits)
    return choice


def net_values(uplift: Numbers, *, value: Numbers, cost: Numbers, may_contact: Mask | None = None) -> Numbers:
    """The expected net value, value * uplift - cost, where above 0 and contact is allowed, else -inf; shape as uplift.

    Arguments and errors as for `choose`.
    """
    if uplift.shape != (value.size, cost.size) or value.shape != (value.size,):
        raise MetricError(f"policy: uplift {uplift.shape} does not fit value {value.shape} and cost {cost.shape}.")
    net_value = value[:, None] * uplift - cost
    if not bool(np.isfinite(net_value).all()):
        raise MetricError("policy: an uplift, a value or a cost is missing; leave out rows without a prediction.")
    allowed = np.ones(1, dtype=np.bool_) if may_contact is None else may_contact
    by_action = allowed if allowed.ndim > 1 else allowed[:, None]
    return np.where((value >= 0)[:, None] & by_action & (net_value > 0), net_value, -np.inf)


def _best_first(net_value: Numbers, ids: Ids, *, cost: Numbers, limits: Limits) -> Choice:
    """Each customer's best action (the first of equals), in descending order of net value; ties by ids."""
    del cost
    gain, choice = net_value.max(axis=1), nobody(len(net_value))
    chosen = np.lexsort((ids, -gain))[: limits.contacts]
    choice[chosen] = net_value[chosen].argmax(axis=1)
    return choice


def _within(net_value: Numbers, ids: Ids, *, cost: Numbers, limits: Limits) -> Choice:
    """The best choice under limits on money or single actions: customers of equal values form one group."""
    order = np.lexsort((ids, *net_value.T))
    ordered = net_value[order]
    starts = np.append(True, (ordered[1:] != ordered[:-1]).any(axis=1))[: len(order)]
    group = np.cumsum(starts) - 1
    sizes = np.bincount(group)
    counts = allocate(ordered[starts], sizes=sizes, scarce=_scarce(cost, limits))
    place = np.arange(len(order)) - np.flatnonzero(starts)[group]
    action = (place[:, None] >= counts.cumsum(axis=1)[group]).sum(axis=1)
    choice = nobody(len(order))
    choice[order] = np.where(action == cost.size, NOBODY, action)
    return _smaller_ids_first(choice, net_value, ids)


def _scarce(cost: Numbers, limits: Limits) -> Scarce:
    use = np.vstack([np.ones(cost.size), cost, np.eye(cost.size)])
    limit = np.array([limits.contacts, limits.money, *limits.by_action])
    return Scarce(use[limit < UNLIMITED], limit[limit < UNLIMITED])


def _smaller_ids_first(choice: Choice, net_value: Numbers, ids: Ids) -> Choice:
    """The same choice with ties broken by id: of equal values of an action, the smaller id gets it."""
    choice, before = choice.copy(), None
    while before is None or not np.array_equal(before, choice):
        before = choice.copy()
        for action in range(net_value.shape[1]):
            pool = np.flatnonzero(((choice == action) | (choice == NOBODY)) & (net_value[:, action] > 0))
            pool = pool[np.lexsort((ids[pool], net_value[pool, action]))]
            _, tied, sizes = np.unique(net_value[pool, action], return_inverse=True, return_counts=True)
            place = np.arange(len(pool)) - (np.cumsum(sizes) - sizes)[tied]
            served = np.bincount(tied, choice[pool] == action, minlength=len(sizes))
            choice[pool] = np.where(place < served[tied], action, NOBODY)
    return choice


def not_contacted_because(
    choice: Choice,
    *,
    uplift: Numbers,
    value: Numbers,
    cost: Numbers,
    limits: Limits,
    barred: Mapping[str, Mask],
    open_to: Mask | None = None,
) -> NDArray[np.object_]:
    """Why a customer with a positive net value is not contacted, shape (n_rows,); `none` for everybody else.

    The first reason that bars the customer; else `opted out` of every action of positive net value; `capacity full`
    where those left are used up, and `budget spent` where the contacts or the money are. choice is that of `choose`,
    barred as `limits.barred` gives it, open_to, shape (n_rows, n_actions), as `limits.open_to` (default: all), the rest
    as for `choose`.
    """
    net_value = net_values(uplift, value=value, cost=cost)
    missed = (choice == NOBODY) & (net_value.max(axis=1, initial=-np.inf) > 0)
    full = np.bincount(choice[choice != NOBODY], minlength=cost.size) + 1 > np.array(limits.by_action)
    left = net_value if open_to is None else np.where(open_to, net_value, -np.inf)
    refused, shut = (left <= 0).all(axis=1), (full | (left <= 0)).all(axis=1)
    return np.select(
        [~missed, *barred.values(), refused, shut], [NO_REASON, *barred, OPTED_OUT, CAPACITY_FULL], default=BUDGET_SPENT
    ).astype(object)


def contacts(choice: Choice) -> int:
    """How many customers a choice contacts."""
    return int(np.count_nonzero(choice != NOBODY))


def contacts_by_action(choice: Choice, n_actions: int) -> NDArray[np.intp]:
    """How many customers a choice contacts with each action, shape (n_actions,)."""
    return np.bincount(choice[choice != NOBODY], minlength=n_actions)


def nobody(n_rows: int) -> Choice:
    """The policy that contacts nobody."""
    return np.full(n_rows, NOBODY, dtype=np.intp)


def realised(choice: Choice, *, gamma: Numbers, value: Numbers, cost: Numbers) -> Numbers:
    """What each row's choice earned: value * gamma of the action - its cost, 0 for none; shape (n_rows,).

    gamma, shape (n_rows, n_actions), as `experiments.uplift.uplift_curves.aipw_scores` gives it; value and cost as for
    `choose`. Single rows are noise: only their mean, the policy value, means something.
    """
    earned = value[:, None] * gamma - cost
    return np.where(choice == NOBODY, 0.0, earned[np.arange(choice.size), choice])
