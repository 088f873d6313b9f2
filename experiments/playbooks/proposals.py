"""Which action is proposed for each customer: by the uplift model where its effect is established, else by playbook."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.metric import Numbers
from experiments.money import policy
from experiments.money.limits import OPTED_OUT, Limits, Mask
from experiments.money.policy import CAPACITY_FULL, NO_REASON, NOBODY

BY_MODEL, BY_PLAYBOOK, BY_NOTHING = "model", "playbook", "none"
# Why nothing is proposed, beside the reasons of the limits.
NOT_WORTH_IT, NO_ROW_FITS, LEFT_ALONE = "not worth its cost", "no row of the playbook fits", "the playbook says so"

Texts = NDArray[np.object_]


@dataclass(frozen=True)
class Customers:
    """What is known of the customers of a list.

    ids, value (in the spec's currency) and risk (the chance of leaving) have shape (n_customers,); uplift, shape
    (n_customers, n_actions), is the predicted gain of each action; barred says by reason who must not be contacted, and
    open_to, shaped like uplift, which actions each customer may get (None: whoever is not barred may get all).
    """

    ids: NDArray[np.generic]
    value: Numbers
    risk: Numbers
    uplift: Numbers
    barred: Mapping[str, Mask]
    open_to: Mask | None = None

    @property
    def may_contact(self) -> Mask:
        """Whom no reason bars."""
        free: Mask = ~np.any([np.zeros(len(self.value), dtype=bool), *self.barred.values()], axis=0)
        return free

    @property
    def allowed(self) -> Mask:
        """Which actions each customer may get, shape (n_customers, n_actions)."""
        every = np.ones(self.uplift.shape, dtype=bool) if self.open_to is None else self.open_to
        found: Mask = every & self.may_contact[:, None]
        return found

    def may_get(self, action: NDArray[np.intp]) -> Mask:
        """Who may get the action of this index, NOBODY for none; shape (n_customers,)."""
        some = action != NOBODY
        found = np.zeros(len(action), dtype=bool)
        found[some] = self.allowed[some, action[some]]
        return found


@dataclass(frozen=True)
class Book:
    """What the playbook says of each customer: action, an index or NOBODY, and whether any row fits at all."""

    action: NDArray[np.intp]
    fits: Mask

    @classmethod
    def empty(cls, size: int) -> "Book":
        """No playbook: no row fits."""
        return cls(policy.nobody(size), np.zeros(size, dtype=bool))


@dataclass(frozen=True)
class Proposals:
    """The proposals; all have shape (n_customers,).

    action is an index or NOBODY; source says who proposes it; because why nothing is proposed, else `none`; worth what
    the contact is expected to bring, net, NaN where nobody knows.
    """

    action: NDArray[np.intp]
    source: Texts
    because: Texts
    worth: Numbers


def propose(customers: Customers, book: Book, *, cost: Numbers, established: Mask, limits: Limits) -> Proposals:
    """The proposals within the limits: first the model's, of the highest sum of values, then the playbook's by risk.

    established, shape (n_actions,), says of which actions the model has the last word; cost, the same shape, what one
    costs. The playbook's are taken by risk times value, the highest first.
    """
    uplift = np.where(established, customers.uplift, 0.0)
    choice = policy.choose(
        uplift=uplift,
        value=customers.value,
        cost=cost,
        limits=limits,
        ids=customers.ids,
        may_contact=customers.allowed,
    )
    by_model = choice != NOBODY
    wanted = np.where(~by_model & book.fits, book.action, NOBODY)
    wanted[wanted != NOBODY] = np.where(established[wanted[wanted != NOBODY]], NOBODY, wanted[wanted != NOBODY])
    free = customers.may_get(wanted) & (customers.value >= 0)
    added = _within(wanted, choice, free, customers, cost=cost, limits=limits)
    action = np.where(added, wanted, choice)
    source = np.select([by_model, added], [BY_MODEL, BY_PLAYBOOK], default=BY_NOTHING).astype(object)
    worth = np.full(len(action), np.nan)
    worth[by_model] = (customers.value * customers.uplift[np.arange(len(action)), choice] - cost[choice])[by_model]
    because = _because(customers, book, action, free=free, uplift=uplift, cost=cost, limits=limits)
    return Proposals(action, source, because, worth)


def _within(
    wanted: NDArray[np.intp],
    taken: NDArray[np.intp],
    free: Mask,
    customers: Customers,
    *,
    cost: Numbers,
    limits: Limits,
) -> Mask:
    """Who gets what the playbook wants within what the model's proposals leave of the limits."""
    used = policy.contacts_by_action(taken, cost.size)
    left = np.array(limits.by_action) - used
    contacts, money = limits.contacts - int(used.sum()), limits.money - float((used * cost).sum())
    added = np.zeros(len(wanted), dtype=bool)
    urgent = np.lexsort((customers.ids, -(customers.risk * customers.value)))
    for place in urgent[free[urgent]]:
        action = wanted[place]
        if contacts < 1:
            break
        if left[action] >= 1 and money >= cost[action]:
            added[place] = True
            left[action], contacts, money = left[action] - 1, contacts - 1, money - cost[action]
    return added


def _because(
    customers: Customers,
    book: Book,
    action: NDArray[np.intp],
    *,
    free: Mask,
    uplift: Numbers,
    cost: Numbers,
    limits: Limits,
) -> Texts:
    """Why nothing is proposed for a customer; `none` where something is."""
    missed = policy.not_contacted_because(
        action,
        uplift=uplift,
        value=customers.value,
        cost=cost,
        limits=limits,
        barred=customers.barred,
        open_to=customers.allowed,
    )
    nothing = action == NOBODY
    refused = (book.action != NOBODY) & ~customers.may_get(book.action)
    return np.select(
        [
            ~nothing,
            *(nothing & mask for mask in customers.barred.values()),
            missed != NO_REASON,
            free,
            refused,
            book.fits & (book.action == NOBODY),
            book.fits,
        ],
        [NO_REASON, *customers.barred, missed, CAPACITY_FULL, OPTED_OUT, LEFT_ALONE, NOT_WORTH_IT],
        default=NO_ROW_FITS if book.fits.any() else NOT_WORTH_IT,
    ).astype(object)
