"""Simple policies to compare with: contact nobody, everybody, a random sample, or the highest risks."""

import numpy as np

from experiments.metric import Numbers
from experiments.money.limits import Mask
from experiments.money.policy import Ids


def everybody(may_contact: Mask) -> Numbers:
    """Who is contacted if everybody is: 1 or 0, shape (n_rows,)."""
    return may_contact.astype(np.float64)


def at_random(*, n_contacts: int, may_contact: Mask) -> Numbers:
    """Each customer's probability of being among n_contacts drawn from those who may be contacted; shape (n_rows,)."""
    return everybody(may_contact) * min(1.0, n_contacts / max(1.0, float(may_contact.sum())))


def highest_risk_first(*, risk: Numbers, n_contacts: int, ids: Ids, may_contact: Mask) -> Numbers:
    """The n_contacts of the highest risk, shape (n_rows,), among those who may be contacted, as 1 or 0; ties by ids."""
    chosen = np.zeros(risk.size)
    places = np.flatnonzero(may_contact)
    chosen[places[np.lexsort((ids[places], -risk[places]))[:n_contacts]]] = 1.0
    return chosen


def expected(contacted: Numbers, *, mix: Numbers, gamma: Numbers, value: Numbers, cost: Numbers) -> Numbers:
    """The expected value of the contacts by row, shape (n_rows,).

    contacted is the chance of each customer to be contacted, mix, shape (n_actions,), that of each action for whoever
    is; gamma, value and cost as for `experiments.money.policy.realised`.
    """
    return contacted * (value * (gamma @ mix) - cost @ mix)


def comparisons(
    *,
    mix: Numbers,
    n_contacts: int,
    risk: Numbers,
    gamma: Numbers,
    value: Numbers,
    cost: Numbers,
    ids: Ids,
    may_contact: Mask,
) -> dict[str, Numbers]:
    """What the simple policies earn, by row, each shape (n_rows,).

    treat_none, treat_all, random and highest_risk_first; the last two with n_contacts, all but the first with the
    actions as in mix. Arguments as for the functions above.
    """
    whom = {
        "treat_none": np.zeros(value.size),
        "treat_all": everybody(may_contact),
        "random": at_random(n_contacts=n_contacts, may_contact=may_contact),
        "highest_risk_first": highest_risk_first(risk=risk, n_contacts=n_contacts, ids=ids, may_contact=may_contact),
    }
    terms = {"mix": mix, "gamma": gamma, "value": value, "cost": cost}
    return {name: expected(contacted, **terms) for name, contacted in whom.items()}
