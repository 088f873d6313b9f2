"""Randomises a contact list: some are withheld as control, some get another action than the proposed one."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.assignment import systematic
from experiments.assignment.systematic import Strata
from experiments.metric import Numbers
from features.errors import SpecError

NOBODY = -1


@dataclass(frozen=True)
class Proposed:
    """What the allocation proposes, before the draw.

    ids are the customers' names; action, shape (n_customers,), is an index of the actions, or NOBODY; level, the same
    shape, is a stratum, such as the level of risk; allowed, shape (n_customers, n_actions), says which actions a
    customer may get at all (opt-outs, fatigue).
    """

    ids: Sequence[str]
    action: NDArray[np.intp]
    level: Strata
    allowed: NDArray[np.bool_]


@dataclass(frozen=True)
class Drawn:
    """The result of a draw, a row for each customer.

    action: an index, or NOBODY; withheld: whose proposed action the draw took away; explored: whose action was drawn;
    probability, shape (n_customers, 1 + n_actions): of no action and of each, before the draw. It sums to one.
    """

    action: NDArray[np.intp]
    withheld: NDArray[np.bool_]
    explored: NDArray[np.bool_]
    probability: Numbers


def most_explored(allowed: NDArray[np.bool_], *, most: int, explore: float) -> list[int]:
    """How many contacts of each action exploring may take at most, by action.

    allowed, shape (n_customers, n_actions), says which actions each customer may get; most is the largest number of
    customers who can be proposed an action. Of the customers with one set of allowed actions each action gets an equal
    share of those explored, rounded up; the worst case explores those with the fewest first.
    """
    if explore == 0:
        return [0] * allowed.shape[1]
    sets, sizes = np.unique(allowed, axis=0, return_counts=True)
    found = []
    for action in range(allowed.shape[1]):
        left, share = math.ceil(most * explore), 0.0
        within = sorted((int(one.sum()), int(size)) for one, size in zip(sets, sizes, strict=True) if one[action])
        for n_options, size in within:
            share, left = share + min(left, size) / n_options, max(0, left - size)
        found.append(math.ceil(round(share, 9)) + len(within))
    return found


def reserve(limit: float, *, taken: int, explore: float) -> int:
    """The contacts of an action that exploring may take, so that the allocation leaves them free.

    taken is as `most_explored` gives it; limit is the action's capacity. Raises SpecError where it is above that.
    """
    if taken > limit:
        raise SpecError(
            f"explore {explore:g} may take {taken} contacts of an action whose capacity is {limit:g}; explore less, or"
            " raise the capacity"
        )
    return taken


def draw(proposed: Proposed, *, control: float, explore: float, seed: str) -> Drawn:
    """Withhold a share `control` of those with a proposed action, and draw the action of a share `explore`.

    Both shares are in [0, 1) and are drawn independently, stratified by level and proposed action. An action that is
    drawn is each that the customer may get, with equal probability. So a customer with proposed action a gets none with
    probability control, and action b with (1 - control) ((1 - explore) [a = b] + explore / allowed). Who has no
    proposed action gets none for certain. The same customers, proposals and seed give the same draw, in any order.
    """
    for name, share in (("control", control), ("explore", explore)):
        if not 0 <= share < 1:
            raise SpecError(f"{name} is {share:g}; it must be at least 0 and below 1.")
    action = proposed.action.copy()
    inside = np.flatnonzero(action != NOBODY)
    strata = proposed.level[inside] * (1 + proposed.allowed.shape[1]) + action[inside]
    ids = [proposed.ids[place] for place in inside.tolist()]
    explored, withheld = (np.zeros(len(action), dtype=bool) for _ in range(2))
    explored[inside] = systematic.sample(strata, share=explore, ids=ids, seed=f"{seed}|explore")
    withheld[inside] = systematic.sample(strata, share=control, ids=ids, seed=f"{seed}|control")
    options = _options(proposed)
    for group, some in _groups(proposed.allowed, explored):
        picked = systematic.one_of(
            options[some[0]][proposed.allowed[some[0]]],
            ids=[proposed.ids[place] for place in some.tolist()],
            seed=f"{seed}|action|{group}",
        )
        action[some] = np.flatnonzero(proposed.allowed[some[0]])[picked]
    probability = _probability(proposed, options, control=control, explore=explore)
    return Drawn(np.where(withheld, NOBODY, action), withheld, explored, probability)


def _options(proposed: Proposed) -> Numbers:
    """The probability of each action for a customer whose action is drawn, shape (n_customers, n_actions)."""
    open_to = proposed.allowed.sum(axis=1, keepdims=True)
    if ((open_to[:, 0] == 0) & (proposed.action != NOBODY)).any():
        raise SpecError("a customer is proposed an action and may get none")
    options: Numbers = np.divide(proposed.allowed, open_to, out=np.zeros(proposed.allowed.shape), where=open_to > 0)
    return options


def _groups(allowed: NDArray[np.bool_], explored: NDArray[np.bool_]) -> list[tuple[str, NDArray[np.intp]]]:
    """The explored customers by the set of actions that they may get, as a text of ones and zeros."""
    places = np.flatnonzero(explored)
    names = np.array(["".join("1" if one else "0" for one in allowed[place]) for place in places])
    return [(str(name), places[names == name]) for name in np.unique(names)]


def _probability(proposed: Proposed, options: Numbers, *, control: float, explore: float) -> Numbers:
    n_customers, n_actions = proposed.allowed.shape
    own = proposed.action[:, None] == np.arange(n_actions)
    acted = (1 - control) * ((1 - explore) * own + explore * options)
    inside = proposed.action != NOBODY
    none = np.where(inside, control, 1.0)
    return np.column_stack([none, np.where(inside[:, None], acted, 0.0)]).reshape(n_customers, 1 + n_actions)
