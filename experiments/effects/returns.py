"""Money: what leaving would have cost those assigned an action, what came back, what was spent, and the return."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from experiments.effects.assigned import Assigned, Mask
from experiments.effects.by_assignment import Effect
from experiments.effects.contrast import Comparison, Contrast, comparable, contrast, withheld_mean
from experiments.effects.cumulated import interval_of
from experiments.evaluation.churn_cost import Loss, loss
from experiments.metric import Numbers
from experiments.sections.cost_of_churn import CostOfChurnSpec
from experiments.statistics.intervals import Interval

# What winning a customer costs, as a multiple of keeping one: the multiples that are most often quoted.
ACQUISITION_MULTIPLES = (3.0, 5.0, 25.0)
PARTS = ("margin", "expansion", "acquisition")


@dataclass(frozen=True)
class Money:
    """What an action earned, in the currency, summed over those assigned it; gained is what did not leave with them.

    net is gained - spent. return_on_investment is (gained - spent) / spent, None where nothing was spent.
    """

    gained: Interval
    net: Interval
    return_on_investment: Interval | None


@dataclass(frozen=True)
class Returns:
    """The return of an action over so many months, on the assigned rows that are judged; see `Money`.

    lost_without is what leaving would have cost them without the action; by_part what was gained of margin, expansion
    and acquisition; pending_spent what was spent on rows whose outcomes are not known yet, which is in no other figure.
    by_multiple is the money where winning a customer costs so many times what keeping one does.
    """

    action: str
    currency: str
    months: float
    assigned: int
    spent: float
    pending_spent: float
    lost_without: Interval
    by_part: Mapping[str, Interval]
    money: Money
    by_multiple: Mapping[float, Money]


@dataclass(frozen=True)
class Terms:
    """With what money is counted: the cost of churn of the spec, and what keeping a customer costs.

    multiples are those of keeping_cost at which winning a customer is tried. level and information are those of the
    intervals, as in `experiments.effects.family`.
    """

    cost_of_churn: CostOfChurnSpec
    keeping_cost: float
    multiples: Sequence[float] = ACQUISITION_MULTIPLES
    level: float = 0.95
    information: float | None = None


def returns(rows: Assigned, found: Effect, terms: Terms, *, among: Mask | None = None) -> Returns | None:
    """The return of an action; None where its effect cannot be estimated.

    found is the effect of the same rows. Each row's loss is that of `evaluation.churn_cost`: the margin of the months
    after the window, expansion, and acquisition. The outcome is that loss where the customer left, weighted for those
    who got the action, whose money was spent, and adjusted by risk times loss: customers of high value count by it.
    What was spent is known and not estimated. A contact of somebody withheld is not charged to the action.
    """
    if found.adjusted is None:
        return None
    place = rows.place(found.action)
    over = comparable(rows, place, population="assigned", among=among)
    given = over.rows[over.acted > 0]
    spent, asked = float(rows.cost[given].sum()), terms.cost_of_churn
    lost = loss(rows.value, asked)
    gained = {name: _gained(rows, over, getattr(lost, name)) for name in PARTS}
    churned = np.nan_to_num(rows.churned) * lost.total
    without = withheld_mean(over, churned, rows.risk * lost.total).times(given.size)
    pending = (rows.action == place) & ~rows.mature & (True if among is None else among)
    return Returns(
        action=found.action,
        currency=rows.currency,
        months=asked.months,
        assigned=int(given.size),
        spent=spent,
        pending_spent=float(rows.cost[pending].sum()),
        lost_without=_interval(without, terms),
        by_part={name: _interval(one, terms) for name, one in gained.items()},
        money=_money(rows, over, lost, spent=spent, terms=terms),
        by_multiple={
            multiple: _money(rows, over, loss(rows.value, _with(terms, multiple)), spent=spent, terms=terms)
            for multiple in terms.multiples
        },
    )


def _with(terms: Terms, multiple: float) -> CostOfChurnSpec:
    """The cost of churn where acquisition costs so many times what keeping a customer does."""
    acquisition = {"acquisition_cost": multiple * terms.keeping_cost, "acquisition_multiple": None}
    return terms.cost_of_churn.model_copy(update={**acquisition, "retention_cost": None})


def _gained(rows: Assigned, over: Comparison, lost: Numbers) -> Contrast:
    """What the action kept of a loss, summed over those assigned it."""
    outcome = -np.nan_to_num(rows.churned) * lost
    return contrast(over, outcome, -rows.risk * lost).times(int((over.acted > 0).sum()))


def _money(rows: Assigned, over: Comparison, lost: Loss, *, spent: float, terms: Terms) -> Money:
    gained = _interval(_gained(rows, over, lost.total), terms)
    ratio = _shifted(gained, factor=1 / spent, shift=-1.0) if spent > 0 else None
    return Money(gained, _shifted(gained, shift=-spent), ratio)


def _interval(found: Contrast, terms: Terms) -> Interval:
    return interval_of(found, terms.information, level=terms.level)


def _shifted(of: Interval, *, shift: float, factor: float = 1.0) -> Interval:
    """The interval of factor * figure + shift, factor above 0."""
    value, low, high = (factor * one + shift for one in (of.value, of.low, of.high))
    return Interval(value, low, high, factor * of.standard_error, of.method, of.level)
