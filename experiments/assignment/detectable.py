"""The minimum detectable effect of a contact round, or of several pooled, against its control."""

import math
from dataclasses import dataclass

import pandas as pd

# The sum of the normal quantiles of 0.975 and 0.8: a two-sided test at 5 % that finds the effect in 80 % of cases.
Z_SUM = 1.9599639845400545 + 0.8416212335729143
ROUNDS_A_YEAR = 12


@dataclass(frozen=True)
class Shown:
    """What the control of an action can show: the smallest effect, in [0, 1] or inf, and whether any within a year."""

    effect: float
    within_a_year: bool


def effect(rate: float, *, customers: float, control: float) -> float:
    """The smallest difference of two rates, in [0, 1], found with power 0.8 at 5 %; inf where there is no control.

    2.8 sqrt(p (1 - p) (1 / (c n) + 1 / ((1 - c) n))), with p the rate of leaving without an action, n the customers
    drawn, and c the share withheld. It is an approximation for large n and small effects (Cohen 1988, chapter 6).
    """
    if customers <= 0 or not 0 < control < 1:
        return math.inf
    return Z_SUM * math.sqrt(rate * (1 - rate) * (1 / (control * customers) + 1 / ((1 - control) * customers)))


def can_show(rate: float, *, customers: float, control: float) -> bool:
    """Whether the largest effect that there could be, that nobody leaves, would be found."""
    return effect(rate, customers=customers, control=control) <= rate


def by_action(drawn: pd.DataFrame, control: float) -> dict[str, Shown]:
    """What the control of each proposed action can show, in the round and in a year of such rounds.

    drawn has a row for each customer of the round, with `proposed` and `risk`; control is the share withheld.
    """
    found = {}
    for action, rows in drawn.groupby("proposed", sort=True):
        rate, size = float(rows["risk"].mean()), len(rows)
        found[str(action)] = Shown(
            effect(rate, customers=size, control=control),
            can_show(rate, customers=ROUNDS_A_YEAR * size, control=control),
        )
    return found
