"""The difference of mean outcomes between an action and none, weighted by the logged probabilities and adjusted.

Everything here is linear in customers: a figure comes with what each customer contributes to its error (influence), so
that figures of the same rows can be added, divided and compared with the dependence between them.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from experiments.effects.assigned import NOBODY, Assigned, Mask
from experiments.metric import Numbers
from experiments.statistics.intervals import Interval
from experiments.statistics.poisson import Clusters

Population = Literal["eligible", "assigned"]
# A prediction that varies by less is the same for all.
SAME = 1e-12
# No p-value is taken for less.
SMALLEST = 1e-300


@dataclass(frozen=True)
class Comparison:
    """Rows in which an action and none were both possible, and the weights that make their means comparable.

    rows, shape (m,), are places in the rows of the rounds; customers the customer of each, below n_customers. acted
    and withheld, shape (m,), are the weights of the rows assigned the action and none, 0 elsewhere; share, shape (m,),
    how much a row counts in the population.
    """

    rows: Clusters
    customers: Clusters
    n_customers: int
    acted: Numbers
    withheld: Numbers
    share: Numbers


@dataclass(frozen=True)
class Contrast:
    """A figure in the outcome's unit with what each customer contributes to its error.

    The squares of influence, shape (n_customers,), sum to the variance; degrees are those of Student's t (Satterthwaite
    1946).
    """

    value: float
    influence: Numbers
    degrees: float

    @property
    def standard_error(self) -> float:
        """The standard error, all rows of a customer taken together."""
        return float(np.sqrt(self.influence @ self.influence))

    @property
    def z(self) -> float:
        """The normal score as unlikely as value / standard_error is by Student's t; 0 where both are 0."""
        if not self.standard_error:
            return float(np.copysign(np.inf, self.value)) if self.value else 0.0
        tail = max(float(stdtr(self.degrees, -abs(self.value) / self.standard_error)), SMALLEST)
        return float(np.copysign(-ndtri(tail), self.value))

    @property
    def p(self) -> float:
        """The two-sided p-value of no difference, for one look that was planned before."""
        return float(2 * ndtr(-abs(self.z)))

    def reach(self, normal_score: float) -> float:
        """Half the width of the interval that a normal estimate would have at so many standard errors."""
        return self.standard_error * float(-stdtrit(self.degrees, ndtr(-normal_score)))

    def interval(self, *, level: float = 0.95, method: str = "by assignment, clustered by customer") -> Interval:
        """The interval for one look that was planned before."""
        reach = self.reach(float(ndtri((1 + level) / 2)))
        return Interval(self.value, self.value - reach, self.value + reach, self.standard_error, method, level)

    def times(self, factor: float) -> "Contrast":
        """The same in another unit, such as the sum over so many customers."""
        return Contrast(self.value * factor, self.influence * factor, self.degrees)


def comparable(
    rows: Assigned, action: int, *, population: Population = "eligible", among: Mask | None = None
) -> Comparison:
    """The mature rows of logged probability in which the action, by its index, and none were both possible.

    A row assigned the action weighs h / p_action, one assigned none h / p_none, with h = 1 for the mean over all
    eligible, and h = p_action for the mean over those who got the action, whose money was spent (Li, Morgan &
    Zaslavsky 2018, table 1). among, shape (n_rows,), narrows the rows.
    """
    none, own = rows.probability[:, 0], rows.probability[:, 1 + action]
    fits = rows.mature & rows.logged & (none > 0) & (own > 0)
    places = np.flatnonzero(fits if among is None else fits & among)
    none, own, given = none[places], own[places], rows.action[places]
    share = np.ones(places.size) if population == "eligible" else own
    acted, withheld = share / own * (given == action), share / none * (given == NOBODY)
    return Comparison(places, rows.customers[places], rows.n_customers, acted, withheld, share)


def contrast(over: Comparison, outcome: Numbers, known: Numbers | None = None) -> Contrast:
    """The weighted mean outcome of the action less that of none (Hajek 1971), adjusted by what was known before.

    outcome and known, shape (n_rows,), are of all rows of the rounds; known must not depend on the assignment. Both
    arms' weighted means of known are off its mean over all by chance alone; the two chance differences are subtracted
    with the coefficients that make the estimated variance least (control variates). Where probabilities are equal
    these are the separate regressions of Lin (2013, Annals of Applied Statistics 7), as CUPED (Deng et al. 2013) with
    a slope for each arm. Asymptotically the variance can only shrink, whatever the probabilities and however often
    customers come again. A constant changes nothing. Both arms must have rows.
    """
    y, arms = outcome[over.rows], (over.acted, over.withheld)
    value = _mean(over.acted, y) - _mean(over.withheld, y)
    return _adjusted(over, value, _arm(over.acted, y) - _arm(over.withheld, y), arms=arms, known=known)


def withheld_mean(over: Comparison, outcome: Numbers, known: Numbers | None = None) -> Contrast:
    """The weighted mean outcome of those assigned none, adjusted as `contrast` is: what happens without the action."""
    y = outcome[over.rows]
    return _adjusted(over, _mean(over.withheld, y), _arm(over.withheld, y), arms=(over.withheld,), known=known)


def means(over: Comparison, outcome: Numbers) -> tuple[float, float]:
    """The weighted mean outcome of the rows assigned the action, and of those assigned none."""
    return _mean(over.acted, outcome[over.rows]), _mean(over.withheld, outcome[over.rows])


def effective_customers(over: Comparison, weights: Numbers) -> float:
    """How many equally weighted customers tell as much as these rows (Kish 1965); weights has shape (m,)."""
    held = _sums(over, weights)
    squares = float(held @ held)
    return float(held.sum()) ** 2 / squares if squares else 0.0


def _adjusted(
    over: Comparison, value: float, own: Numbers, *, arms: tuple[Numbers, ...], known: Numbers | None
) -> Contrast:
    """The figure less the chance differences of known in each arm; own is what each row contributes to its error."""
    if known is None or not over.rows.size or np.ptp(known[over.rows]) <= SAME:
        return _contrast(over, value, own, arms=arms, slopes=0)
    x = known[over.rows]
    gaps = np.array([_mean(weights, x) - _mean(over.share, x) for weights in arms])
    chance = np.stack([_arm(weights, x) - _arm(over.share, x) for weights in arms])
    by_customer = np.stack([_sums(over, one) for one in chance])
    scale = float(np.sqrt((by_customer**2).sum(axis=1).max()))
    by_customer /= scale
    # With two arms both differences are one: the pseudo-inverse of their products shares the coefficient.
    products = np.linalg.pinv(by_customer @ by_customer.T, rcond=1e-12, hermitian=True)
    factors = products @ (by_customer @ _sums(over, own)) / scale
    return _contrast(over, value - float(factors @ gaps), own - factors @ chance, arms=arms, slopes=1)


def _contrast(over: Comparison, value: float, own: Numbers, *, arms: tuple[Numbers, ...], slopes: int) -> Contrast:
    """The influence enlarged for means and slopes estimated in each arm (as HC1), and the degrees of freedom."""
    enlarged, parts, spreads = own.copy(), [], []
    for weights in arms:
        size = effective_customers(over, weights)
        left = max(size - 1 - slopes, 1.0)
        enlarged[weights > 0] *= np.sqrt(max(size / left, 1.0))
        of_arm = _sums(over, np.where(weights > 0, enlarged, 0.0))
        parts.append(float(of_arm @ of_arm))
        spreads.append(parts[-1] ** 2 / left)
    degrees = sum(parts) ** 2 / sum(spreads) if sum(spreads) else np.inf
    return Contrast(value, _sums(over, enlarged), max(degrees, 1.0))


def _mean(weights: Numbers, values: Numbers) -> float:
    return float(weights @ values) / float(weights.sum())


def _arm(weights: Numbers, values: Numbers) -> Numbers:
    """What each row contributes to the error of a weighted mean."""
    contributed: Numbers = weights * (values - _mean(weights, values)) / weights.sum()
    return contributed


def _sums(over: Comparison, values: Numbers) -> Numbers:
    """The sums by customer, shape (n_customers,)."""
    return np.bincount(over.customers, weights=values, minlength=over.n_customers).astype(np.float64)
