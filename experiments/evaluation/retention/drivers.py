"""Thresholds of drivers of the net promoter score: found on half of the customers, measured on the other half."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import stdtrit

from experiments.evaluation.retention.nps import marks
from experiments.evaluation.retention.spans import Mask, Places
from experiments.metric import Numbers
from experiments.statistics import poisson
from experiments.statistics.intervals import Interval

# Customers on either side of a threshold, in either half.
FEWEST = 30
CANDIDATES = 20


@dataclass(frozen=True)
class Driver:
    """A threshold of a column: the net promoter score of values above it, less that of the others.

    above and below are the scores on the half that measures, gap their difference with its interval.
    """

    column: str
    threshold: float
    answers_above: int
    answers_below: int
    above: float
    below: float
    gap: Interval

    @property
    def tells(self) -> bool:
        """Whether the interval excludes no difference."""
        return self.gap.low > 0 or self.gap.high < 0

    def to_dict(self) -> dict[str, Any]:
        """Its fields as JSON can hold them."""
        plain = {name: getattr(self, name) for name in ("column", "threshold", "answers_above", "answers_below")}
        return plain | {"above": self.above, "below": self.below, "gap": self.gap.to_dict(), "tells": self.tells}


def halves(n_customers: int, *, seed: int) -> Mask:
    """Which customers find thresholds, about half of them; the others measure. Shape (n_customers,)."""
    found: Mask = poisson.keys(n_clusters=n_customers, seed=seed) % np.uint64(2) == 0
    return found


def drivers(
    columns: Mapping[str, Numbers], scores: Numbers, customers: Places, *, finds: Mask, family: int
) -> list[Driver]:
    """The threshold of each column that has one with 30 customers on both sides in both halves.

    columns and scores have shape (n_answers,), missing values are left out; finds, of `halves`, has shape
    (n_customers,).
    The threshold has the greatest standardised gap in the half that finds; the gap is of the other half, so that the
    search has no part in it (Athey & Imbens, PNAS 113, 2016), and customers are counted as clusters. family is the
    number of all gaps that could be told: all intervals hold together with 95 % (Bonferroni; Student's t, with one
    degree of freedom less than the smaller side has customers).
    """
    found = []
    for name, values in columns.items():
        usable = ~np.isnan(values) & ~np.isnan(scores)
        mark, value, of = marks(scores[usable]), values[usable], customers[usable]
        finding = finds[of]
        cut = _threshold(value, mark, of, finding=finding)
        if cut is not None:
            measured = ~finding
            found.append(_measured(name, cut, value[measured], mark[measured], of[measured], family=family))
    return found


def _threshold(values: Numbers, mark: Numbers, of: Places, *, finding: Mask) -> float | None:
    """The candidate with the greatest standardised gap among those that leave enough customers everywhere."""
    best, greatest = None, -1.0
    inside, judged = values[finding], values[~finding]
    for cut in _candidates(inside):
        halves_of = (inside > cut, of[finding]), (judged > cut, of[~finding])
        sides = [_customers(who[side]) for above, who in halves_of for side in (above, ~above)]
        if min(sides) < FEWEST:
            continue
        gap, error = _gap(inside > cut, mark[finding], of[finding])
        if error > 0 and abs(gap) / error > greatest:
            best, greatest = cut, abs(gap) / error
    return best


def _candidates(values: Numbers) -> Iterator[float]:
    """Quantiles of the values, rounded to two digits that a person would say, without the greatest value."""
    if not values.size:
        return
    quantiles = np.quantile(values, np.linspace(0, 1, CANDIDATES + 1)[1:-1], method="lower")
    said = {float(f"{one:.1e}") for one in quantiles.tolist()}
    yield from sorted(one for one in said if one < float(values.max()))


def _gap(above: Mask, mark: Numbers, of: Places) -> tuple[float, float]:
    """Mean of those above less mean of the others, and its standard error with customers as clusters."""
    parts = np.zeros(mark.size)
    means = []
    for side in (above, ~above):
        means.append(float(mark[side].mean()))
        sign = 1.0 if side is above else -1.0
        parts[side] = sign * (mark[side] - means[-1]) / side.sum()
    _, places = np.unique(of, return_inverse=True)
    sums = np.bincount(places, weights=parts)
    size = sums.size
    error = float(np.sqrt(np.sum(sums**2) * size / (size - 1))) if size > 1 else 0.0
    return means[0] - means[1], error


def _customers(of: Places) -> int:
    return len(np.unique(of))


def _measured(name: str, cut: float, values: Numbers, mark: Numbers, of: Places, *, family: int) -> Driver:
    above = values > cut
    gap, error = _gap(above, mark, of)
    freedom = min(_customers(of[above]), _customers(of[~above])) - 1
    level = 1 - 0.05 / max(family, 1)
    reach = float(stdtrit(freedom, (1 + level) / 2)) * error
    interval = Interval(gap, gap - reach, gap + reach, error, "other half", level)
    scores = float(mark[above].mean()), float(mark[~above].mean())
    return Driver(name, cut, int(above.sum()), int((~above).sum()), *scores, interval)
