"""Net promoter score with an interval that holds for few answers and for several answers of one customer."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from experiments.evaluation.retention.spans import Places
from experiments.metric import Numbers
from experiments.statistics.intervals import Interval, normal_interval

PROMOTER, DETRACTOR = 9.0, 6.0
# Promoters, passives and detractors that are added for the interval (Rocks, The American Statistician 70, 2016).
ADDED = np.array([0.75, 1.5, 0.75])


@dataclass(frozen=True)
class Nps:
    """Answers by kind and the score in [-1, 1] with its interval; asked counts those who did not answer too.

    customers are those who answered. The score is None where nobody did.
    """

    asked: int
    promoters: int
    passives: int
    detractors: int
    customers: int
    score: Interval | None

    def to_dict(self) -> dict[str, Any]:
        """Its fields as JSON can hold them."""
        counts = {name: getattr(self, name) for name in ("asked", "promoters", "passives", "detractors", "customers")}
        return counts | {"score": None if self.score is None else self.score.to_dict()}


def marks(scores: Numbers) -> Numbers:
    """1 for a promoter (9 or 10), -1 for a detractor (6 or less), else 0; any shape."""
    return np.where(scores >= PROMOTER, 1.0, np.where(scores <= DETRACTOR, -1.0, 0.0))


def nps(scores: Numbers, customers: Places, *, level: float = 0.95) -> Nps:
    """The score of answers of 0 to 10, missing where there was none; both have shape (n_asked,).

    Each answer is one of three kinds: the variance of the mean of n marks is (p + d - (p - d)^2) / n, p and d being the
    shares of promoters and detractors. For the interval three answers are added (adjusted Wald, Rocks 2016), and where
    customers answered several times its variance is enlarged as the variance between customers asks for (design effect,
    Kish 1965), never made less. The value itself is of the answers alone.
    """
    answered = ~np.isnan(scores)
    mark, of = marks(scores[answered]), customers[answered]
    counts = np.array([np.sum(mark == one) for one in (1.0, 0.0, -1.0)])
    promoters, passives, detractors = (int(one) for one in counts)
    plain = Nps(int(scores.size), promoters, passives, detractors, len(np.unique(of)), None)
    if not mark.size:
        return plain
    held = counts + ADDED
    shares = held / held.sum()
    middle = float(shares[0] - shares[2])
    variance = float(shares[0] + shares[2] - middle**2) / float(held.sum())
    error = float(np.sqrt(variance * design_effect(mark, of)))
    around = normal_interval(middle, error, level=level)
    value = float(mark.mean())
    low, high = max(-1.0, min(around.low, value)), min(1.0, max(around.high, value))
    return replace(plain, score=Interval(value, low, high, error, "adjusted", level))


def design_effect(values: Numbers, customers: Places) -> float:
    """By how much several values of one customer enlarge the variance of the mean of all; 1 at least."""
    spread = float(np.sum((values - values.mean()) ** 2))
    _, of = np.unique(customers, return_inverse=True)
    between = float(np.sum(np.bincount(of, weights=values - values.mean()) ** 2))
    return max(1.0, between / spread) if spread > 0 else 1.0
