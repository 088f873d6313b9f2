"""A year of the demo world under a policy: month by month it acts, the world reacts, and what is kept is added up.

All policies go on from the same world; a customer's luck does not depend on what is done to others. So the difference
of two policies is what their actions did, and no luck of other customers is in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from experiments.metric import Numbers
from features.play import played
from features.play.played import Done, World
from features.source import Part
from features.world import campaigns, membership
from features.world.arrays import NEVER


@dataclass(frozen=True)
class Worth:
    """What a customer is worth who is there at the end: an amount, times the monthly price where by_price."""

    amount: float
    by_price: bool

    def of(self, world: "World") -> Numbers:
        """What each customer is worth, shape (n_customers,), whether there or not."""
        price = prices(world)
        return self.amount * price if self.by_price else np.full(price.shape, self.amount)


@dataclass(frozen=True)
class Money:
    """What is counted, in the spec's currency.

    cost by action: what a contact costs. margin_share: how much of the price is margin.
    """

    cost: Mapping[str, float]
    margin_share: float
    worth: Worth


@dataclass(frozen=True)
class MonthKept:
    """What a month brought: the margin of the customers, the cost of the contacts, and what is left at its end.

    ahead is what the customers who are there at the end of the month are worth; contacts by action; left counts who
    left in it.
    """

    month: str
    margin: float
    cost: float
    ahead: float
    contacts: Mapping[str, int]
    left: int


class Policy(Protocol):
    """Decides what is done when a month begins. Only an oracle reads more of the world than who is there."""

    def acts(self, world: World, known: Sequence[Part]) -> Done:
        """What is done in the next month; known are the parts that came since the policy was asked last."""


def nothing(world: World) -> Done:
    """No action for anybody."""
    size = world.chapter.population.size
    none = np.arange(len(campaigns.ARMS)) == 0
    return Done(np.full(size, campaigns.NOT_IN_TRIAL), np.tile(none.astype(float), (size, 1)))


def lived(
    world: World, policy: Policy, *, months: int, every_months: int, money: Money
) -> tuple[list[MonthKept], World]:
    """So many months under a policy, which is asked every so many, from the first on; between, nothing is done.

    Gives what each month brought, and the world at the end.
    """
    kept, known = [], list[Part]()
    for place in range(months):
        if place % every_months == 0:
            done, known = policy.acts(world, known), []
        else:
            done = nothing(world)
        world, parts = played.played(world, done)
        known += parts
        kept.append(_kept(world, money))
    return kept, world


def kept_until_now(months: Sequence[MonthKept]) -> Numbers:
    """By month, shape (n_months,): all margin and cost until its end, and what the customers left are worth."""
    flow = np.cumsum([one.margin - one.cost for one in months])
    return np.asarray(flow + np.array([one.ahead for one in months]))


def share_of_oracle(ours: Numbers, rival: Numbers, oracle: Numbers) -> Numbers:
    """(ours - rival) / (oracle - rival), each as `kept_until_now` gives it; NaN where the oracle leads by nothing."""
    room = oracle - rival
    share: Numbers = np.divide(ours - rival, room, out=np.full(len(room), np.nan), where=room > 0)
    return share


def prices(world: World) -> Numbers:
    """The monthly price of each customer at the end of the last month, or at leaving in it; shape (n_customers,)."""
    chapter = world.chapter
    everybody = np.arange(chapter.population.size)
    return membership.monthly_price(chapter, customers=everybody, moments=chapter.here_until)


def _kept(world: World, money: Money) -> MonthKept:
    chapter = world.chapter
    price, here = prices(world), chapter.present
    share = (chapter.here_until[here] - chapter.here_from[here]) / (chapter.month.ends - chapter.month.begins)
    names = campaigns.ARMS[1:]
    contacts = {name: int((chapter.arms == place).sum()) for place, name in enumerate(names, start=1)}
    stays = chapter.ended_at == NEVER
    return MonthKept(
        month=chapter.month.name,
        margin=float(money.margin_share * (price[here] * share).sum()),
        cost=float(sum(money.cost.get(name, 0.0) * count for name, count in contacts.items())),
        ahead=float(money.worth.of(world)[stays].sum()),
        contacts=contacts,
        left=int((~stays[here]).sum()),
    )
