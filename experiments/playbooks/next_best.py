"""The next best action: what could be done instead, where the action of a list cannot be carried out."""

import numpy as np
from numpy.typing import NDArray

from experiments.metric import Numbers
from experiments.money import policy
from experiments.money.limits import Mask
from experiments.money.policy import NOBODY
from experiments.playbooks.proposals import Customers

Actions = NDArray[np.intp]


def next_best(
    customers: Customers,
    *,
    given: Actions,
    by_playbook: Actions,
    ends: NDArray[np.bool_],
    cost: Numbers,
    established: Mask,
) -> Actions:
    """The best action beside the given one, an index or NOBODY; shape (n_customers,), as given.

    The model's, of the highest net value above 0, among actions whose effect is established; else the playbook's: that
    of the first row which a customer meets and whose action is another one and not established. by_playbook and ends
    have shape (n_customers, n_rows), by the playbook's rows in order: the action of a row that the customer meets, else
    NOBODY; and whether it is met and says to leave the customer alone, after which no row is asked. Nobody gets one
    whom a limit of the customer bars (opt-outs, fatigue, a control) or who is worth less than nothing. Capacity and
    budget are not asked: of those without a given action it is what they would have got.
    """
    free = customers.allowed & (np.arange(cost.size) != given[:, None]) & (customers.value >= 0)[:, None]
    if not cost.size:
        return policy.nobody(len(given))
    uplift = np.where(established, customers.uplift, 0.0)
    worth = policy.net_values(uplift, value=customers.value, cost=cost, may_contact=free & established)
    by_model = np.where(worth.max(axis=1) > 0, worth.argmax(axis=1), NOBODY)
    return np.where(by_model != NOBODY, by_model, _by_playbook(by_playbook, ends, free & ~established))


def _by_playbook(by_playbook: Actions, ends: NDArray[np.bool_], free: Mask) -> Actions:
    """The action of the first row before the end that is free for the customer."""
    found = policy.nobody(len(free))
    asked = np.ones(len(free), dtype=bool)
    for action, end in zip(by_playbook.T, ends.T, strict=True):
        asked &= ~end
        fits = asked & (found == NOBODY) & (action != NOBODY)
        fits[fits] = free[fits, action[fits]]
        found[fits] = action[fits]
    return found
