"""Who is contacted and how: the choice that earns most within the budget, and the simple choices to beat."""

import math

import numpy as np
from numpy.typing import NDArray

from experiments.metric import Numbers
from features.errors import MetricError

NOBODY = -1

Choice = NDArray[np.intp]


def choose(*, uplift: Numbers, value: Numbers, cost: Numbers, budget_share: float, ids: NDArray[np.generic]) -> Choice:
    """The action of every customer, as its column in uplift, or -1 for none; shape (n_rows,).

    uplift, shape (n_rows, n_actions), is the predicted change of the chance of a good outcome; value,
    shape (n_rows,), what a good outcome is worth; cost, shape (n_actions,), what an action costs, in the
    same currency. Each customer gets the action of the highest value * uplift - cost (the first of equals),
    if that is above 0 and value is not negative; then those who promise most, until budget_share, in
    [0, 1], of the customers is reached. Of equal promises at the cut the smaller of ids, shape (n_rows,), goes first.
    Raises MetricError for shapes that do not fit, a share out of range or missing figures.
    """
    promise = _promises(uplift, value=value, cost=cost, ids=ids)
    best = np.argmax(promise, axis=1)
    gain = promise[np.arange(value.size), best]
    worthwhile = np.flatnonzero((gain > 0) & (value >= 0))
    order = worthwhile[np.lexsort((ids[worthwhile], -gain[worthwhile]))]
    choice = nobody(value.size)
    chosen = order[: contacts_within(budget_share, value.size)]
    choice[chosen] = best[chosen]
    return choice


def _promises(uplift: Numbers, *, value: Numbers, cost: Numbers, ids: NDArray[np.generic]) -> Numbers:
    if uplift.shape != (value.size, cost.size) or not value.shape == ids.shape == (value.size,):
        raise MetricError(
            f"policy: uplift {uplift.shape} does not fit value {value.shape}, cost {cost.shape} and ids {ids.shape}."
        )
    promise = value[:, None] * uplift - cost
    if not bool(np.isfinite(promise).all()):
        raise MetricError("policy: an uplift, a value or a cost is missing; leave out rows without a prediction.")
    return promise


def contacts_within(budget_share: float, n_rows: int) -> int:
    """How many customers a budget of this share of n_rows allows, rounded down; MetricError outside [0, 1]."""
    if not 0 <= budget_share <= 1:
        raise MetricError(f"policy: the budget share is {budget_share}; it must lie in [0, 1].")
    # Rounding first: 0.29 * 100 is 28.999999999999996.
    return math.floor(round(budget_share * n_rows, 9))


def contacts(choice: Choice) -> int:
    """How many customers a choice contacts."""
    return int(np.count_nonzero(choice != NOBODY))


def nobody(n_rows: int) -> Choice:
    """The choice to do nothing."""
    return np.full(n_rows, NOBODY, dtype=np.intp)


def everybody(n_rows: int, action: int) -> Choice:
    """The choice of one action, by its column, for every customer."""
    return np.full(n_rows, action, dtype=np.intp)


def highest_risk_first(*, risk: Numbers, action: int, n_contacts: int, ids: NDArray[np.generic]) -> Choice:
    """The choice of one action for the n_contacts customers of the highest risk, shape (n_rows,); ties by ids."""
    choice = nobody(risk.size)
    choice[np.lexsort((ids, -risk))[:n_contacts]] = action
    return choice


def realised(choice: Choice, *, gamma: Numbers, value: Numbers, cost: Numbers) -> Numbers:
    """What each row's choice earned: value * gamma of the action - its cost, 0 for none; shape (n_rows,).

    gamma, shape (n_rows, n_actions), as `experiments.uplift.aipw_scores` gives it; value and cost as for
    `choose`. Single rows are noise: only their mean, the policy value, means something.
    """
    earned = value[:, None] * gamma - cost
    return np.where(choice == NOBODY, 0.0, earned[np.arange(choice.size), choice])


def realised_at_random(*, action: int, n_contacts: int, gamma: Numbers, value: Numbers, cost: Numbers) -> Numbers:
    """What a draw of n_contacts customers for one action earns in expectation, by row; see `realised`."""
    everyone = realised(everybody(value.size, action), gamma=gamma, value=value, cost=cost)
    return everyone * (n_contacts / value.size)


def comparisons(
    *,
    choice: Choice,
    risk: Numbers,
    gamma: Numbers,
    value: Numbers,
    cost: Numbers,
    action: int,
    ids: NDArray[np.generic],
) -> dict[str, Numbers]:
    """What the policies that a choice has to beat earn, by row, each shape (n_rows,).

    treat_none, treat_all, random and highest_risk_first; the last two with as many contacts as choice has,
    all with the given action. Arguments as for `choose`, `realised` and `highest_risk_first`.
    """
    terms = {"gamma": gamma, "value": value, "cost": cost}
    n_contacts = contacts(choice)
    by_risk = highest_risk_first(risk=risk, action=action, n_contacts=n_contacts, ids=ids)
    return {
        "treat_none": realised(nobody(value.size), **terms),
        "treat_all": realised(everybody(value.size, action), **terms),
        "random": realised_at_random(action=action, n_contacts=n_contacts, **terms),
        "highest_risk_first": realised(by_risk, **terms),
    }
