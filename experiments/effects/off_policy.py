"""What another policy would have earned in past rounds, from the logged probabilities (off-policy evaluation)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.effects.assigned import Assigned, Mask
from experiments.effects.by_assignment import ALARM, NOT_AS_DRAWN
from experiments.effects.contrast import Contrast, comparable
from experiments.effects.draw_check import draw_p
from experiments.metric import Numbers
from experiments.statistics.intervals import Interval
from features.errors import MetricError

FEWEST_EFFECTIVE = 100.0
# Probabilities that differ by less are the same.
SAME = 1e-12


@dataclass(frozen=True)
class OffPolicy:
    """The mean earned by a row under another policy, in the currency; missing says why it is refused.

    inverse_propensity and doubly_robust are two estimates of it, the second with the help of predictions; gain is the
    doubly robust one less what was earned in truth. effective is the effective number of customers in the rows in
    which the policy differs from what was drawn, of which there are `differing`; rows without a logged probability
    are left out and counted.
    """

    rows: int
    unlogged: int
    differing: int
    effective: float
    missing: str | None
    inverse_propensity: Interval | None = None
    doubly_robust: Interval | None = None
    gain: Interval | None = None


def certain(choice: NDArray[np.intp], n_actions: int) -> Numbers:
    """A policy of one action (an index, or -1 for none) a row as probabilities, shape (n_rows, 1 + n_actions)."""
    return np.eye(1 + n_actions)[choice + 1]


def earned(rows: Assigned) -> Numbers:
    """What each row earned, in the currency: its value where the customer stayed, less what was spent; NaN if pending.

    Shape (n_rows,).
    """
    found: Numbers = rows.value * rows.stayed - rows.cost
    return found


def predicted(rows: Assigned, costs: Numbers) -> Numbers:
    """What each action is predicted to earn where none changes anything, shape (n_rows, 1 + n_actions).

    value * (1 - risk) less the cost; costs, shape (1 + n_actions,), are those of none and of each action. It need not
    be right: a wrong prediction makes the doubly robust estimate less certain, and not wrong.
    """
    found: Numbers = (rows.value * (1 - rows.risk))[:, None] - costs
    return found


def off_policy(
    rows: Assigned, policy: Numbers, *, reward: Numbers, expected: Numbers, level: float = 0.95
) -> OffPolicy:
    """What a policy would have earned a row, had it drawn the past rounds.

    policy and expected have shape (n_rows, 1 + n_actions): the probabilities of none and of each action, and what
    each is expected to earn, from what was known before the draw (such as `predicted`). reward, shape (n_rows,), is
    what was earned (such as `earned`), used in mature rows only. Weights are policy / logged probability of what was
    drawn; they are self-normalised (Hajek 1971; Swaminathan & Joachims 2015), also in the doubly robust estimate
    (Dudik, Langford & Li 2011; Robins, Rotnitzky & Zhao 1994), and the variance is by customer. Rows in which the
    policy is what was drawn from count as they are. It is the value given who was on the lists then, and one round at a
    time: had the policy been followed, later lists would have held others.

    Refused where the policy asks for what was never drawn, where assignments do not follow their probabilities, or
    where fewer than 100 effective customers, (sum of weights)^2 / sum of their squares (Kish 1965), are left in the
    rows that differ. Raises MetricError for shapes that do not fit and rows that are no distribution.
    """
    _check(rows, policy, reward=reward, expected=expected)
    used = rows.mature & rows.logged
    unlogged = int((rows.mature & ~rows.logged).sum())
    logged, asked = rows.probability[used], policy[used]
    differs = np.abs(asked - logged).max(axis=1, initial=0.0) > SAME
    place = np.arange(len(logged)), rows.action[used] + 1
    weights = np.where(differs, asked[place] / logged[place], 0.0)
    effective = _effective(np.bincount(rows.customers[used], weights=weights).astype(np.float64))
    counts = (len(logged), unlogged, int(differs.sum()), effective)
    if missing := _missing(rows, never=(asked > 0) & (logged == 0), counts=counts):
        return OffPolicy(*counts, missing)
    plain = _Rows(rows, used, differs, weights)
    got, nothing = reward[used], np.zeros(len(logged))
    simple = plain.value(got, nothing, nothing)
    robust = plain.value(got, (asked * expected[used]).sum(axis=1), expected[used][place])
    truth = plain.mean(got)
    gain = Contrast(robust.value - truth.value, robust.influence - truth.influence, robust.degrees)
    found = (one.interval(level=level, method="off-policy, clustered by customer") for one in (simple, robust, gain))
    return OffPolicy(*counts, None, *found)


@dataclass(frozen=True)
class _Rows:
    """The rows used, in which the policy differs, and the weights there."""

    of: Assigned
    used: Mask
    differs: Mask
    weights: Numbers

    def value(self, reward: Numbers, expected: Numbers, predicted: Numbers) -> Contrast:
        """The mean of reward where the policy is the same, and of expected plus the weighted error elsewhere."""
        n_rows, total = reward.size, float(self.weights.sum())
        error = np.where(self.differs, reward - predicted, 0.0)
        off = float(self.weights @ error) / total if total else 0.0
        each = np.where(self.differs, expected + off, reward)
        value = float(each.mean())
        share = float(self.differs.sum()) / n_rows
        own = (each - value) / n_rows + (share * self.weights * (error - off) / total if total else 0.0)
        return self._contrast(value, own)

    def mean(self, reward: Numbers) -> Contrast:
        """What was earned in truth."""
        return self._contrast(float(reward.mean()), (reward - reward.mean()) / reward.size)

    def _contrast(self, value: float, own: Numbers) -> Contrast:
        customers = self.of.customers[self.used]
        # With weights, those of the rows in which the policy differs; they are fewer than all.
        counted = self.weights if self.differs.any() else np.ones(own.size)
        degrees = _effective(np.bincount(customers, weights=counted).astype(np.float64)) - 1
        by_customer = np.bincount(customers, weights=own, minlength=self.of.n_customers).astype(np.float64)
        return Contrast(value, by_customer, max(degrees, 1.0))


def _effective(weights: Numbers) -> float:
    squares = float(weights @ weights)
    return float(weights.sum()) ** 2 / squares if squares else 0.0


def _missing(rows: Assigned, *, never: Mask, counts: tuple[int, int, int, float]) -> str | None:
    """Why the policy cannot be judged; None where it can."""
    n_rows, unlogged, differing, effective = counts
    if not n_rows:
        return f"no mature row has logged probabilities ({unlogged} have none)"
    if never.any():
        names = ("none", *rows.actions)
        asked = ", ".join(f"{names[place]} in {int(one.sum())}" for place, one in enumerate(never.T) if one.any())
        return f"the policy asks for what could not be drawn: {asked} of {n_rows} rows"
    alarms = [draw_p(rows, place, comparable(rows, place)) for place in range(len(rows.actions))]
    if min(alarms, default=1.0) * len(alarms) < ALARM:
        return NOT_AS_DRAWN
    if differing and effective < FEWEST_EFFECTIVE:
        return (
            f"too little overlap: {differing} rows in which the policy differs tell as much as {effective:.0f}"
            f" customers who got what it asks for; it takes {FEWEST_EFFECTIVE:.0f}"
        )
    return None


def _check(rows: Assigned, policy: Numbers, *, reward: Numbers, expected: Numbers) -> None:
    shape = rows.probability.shape
    if policy.shape != shape or expected.shape != shape or reward.shape != shape[:1]:
        raise MetricError(
            f"off-policy: policy {policy.shape} and expected {expected.shape} must have shape {shape}, reward"
            f" {reward.shape} shape {shape[:1]}."
        )
    if not (np.isfinite(policy).all() and (policy >= 0).all() and np.allclose(policy.sum(axis=1), 1.0, atol=1e-9)):
        raise MetricError("off-policy: a row of the policy is no distribution; none and actions must sum to one.")
    if not (np.isfinite(reward[rows.mature]).all() and np.isfinite(expected[rows.mature]).all()):
        raise MetricError("off-policy: the reward or expectation of a mature row is missing or infinite.")
