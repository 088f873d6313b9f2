"""A change point in the churn rate along a number: the best cut, reported only where a step beats smooth curves."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor, log, log10

import numpy as np
from scipy.special import xlogy
from scipy.stats import chi2, rankdata

from experiments.metric import Numbers
from experiments.statistics.newton import logistic_fit
from experiments.statistics.poisson import Clusters

FEWEST_ON_A_SIDE = 50
ALPHA = 0.05
# "Very strong" evidence by Kass & Raftery (1995): a BIC lower by 10.
CLEARLY_BETTER = 10.0
FINEST = 17


@dataclass(frozen=True)
class ChangePoint:
    """A cut, and the churn rates of the rows up to it (low) and above it (high)."""

    at: float
    leaving_low: float
    leaving_high: float


def change_point(values: Numbers, *, left: Numbers, clusters: Clusters) -> ChangePoint | None:
    """The maximum-likelihood cut between two churn rates, or None where a smooth curve fits as well.

    values, without gaps, left (1 for a leaver, 0 for a stayer; both occur) and clusters (the customer of each
    row, an index) have shape (n_rows,). All cuts between neighbouring values are tried that leave 50
    rows on either side; of all numbers that part the same rows, the roundest is told. A break it is where
    both hold: the rates differ with p below 5 % over the number of cuts tried (likelihood ratio, Bonferroni),
    and two rates and a cut (3 parameters) have a BIC lower by 10 than a straight line in the logit (2), and
    than a line or a parabola in the logit over the rank of the value (2 or 3): a smooth bend is no break.
    Likelihoods are divided by how much customers who come again and fare the same inflate them.
    """
    order = np.argsort(values, kind="stable")
    ordered, total, size = values[order], float(left.sum()), values.size
    below, left_below = np.arange(1, size, dtype=np.float64), np.cumsum(left[order])[:-1]
    enough = (below >= FEWEST_ON_A_SIDE) & (size - below >= FEWEST_ON_A_SIDE)
    places = np.flatnonzero(enough & (ordered[1:] > ordered[:-1]))
    if not places.size:
        return None
    below, low, repeats = below[places], left_below[places] / below[places], _repeats(left, clusters)
    high = (total - left_below[places]) / (size - below)
    likelihoods = below * _mean_likelihood(low) + (size - below) * _mean_likelihood(high)
    best = int(likelihoods.argmax())
    likeliest = float(likelihoods[best]) / repeats
    gain = 2 * (likeliest - size * float(_mean_likelihood(left.mean())) / repeats)
    if chi2.sf(gain, 1) * places.size > ALPHA:
        return None
    bic = 3 * log(size) - 2 * likeliest
    if any(curve - bic < CLEARLY_BETTER for curve in _bic_of_curves(values, left, repeats)):
        return None
    last, first = ordered[places[best] : places[best] + 2]
    return ChangePoint(roundest(float(last), float(first)), float(low[best]), float(high[best]))


def roundest(low: float, high: float) -> float:
    """The number with the fewest decimals in [low, high): from 7.98 to 8.03 it is 8. high is above low."""
    first = -floor(log10(high - low)) - 1
    for digits in range(first, max(first, FINEST) + 1):
        candidate = round(ceil(low * 10.0**digits) / 10.0**digits, digits)
        if low <= candidate < high:
            return candidate
    return low


def _repeats(left: Numbers, clusters: Clusters) -> float:
    """The design effect of a customer's repeated rows, at least 1."""
    apart = left - left.mean()
    by_customer = np.bincount(clusters, weights=apart)
    return max(1.0, float(by_customer @ by_customer) / float(apart @ apart))


def _mean_likelihood(rate: Numbers) -> Numbers:
    """The mean log-likelihood per row of a group at the group's own rate."""
    found: Numbers = xlogy(rate, rate) + xlogy(1 - rate, 1 - rate)
    return found


def _bic_of_curves(values: Numbers, left: Numbers, repeats: float) -> Iterator[float]:
    """The BIC of each smooth alternative to a cut, the likeliest winner first; values are not all equal."""
    value, rank = (_scaled(of) for of in (values, rankdata(values)))
    for terms in ([value], [rank], [rank, rank**2]):
        yield (1 + len(terms)) * log(left.size) - 2 * _likelihood(np.stack(terms), left) / repeats


def _scaled(values: Numbers) -> Numbers:
    scaled: Numbers = (values - values.mean()) / values.std()
    return scaled


def _likelihood(terms: Numbers, left: Numbers) -> float:
    """The log-likelihood of the best fit in the logit, terms having shape (n_terms, n_rows).

    There is no finite best where a fit can part the outcomes; then it does as well as any cut, and 0, the best
    that a likelihood can be, is given.
    """
    columns = np.column_stack([np.ones(left.size), *terms])
    fit = logistic_fit(columns, target=left, weights=np.ones((1, left.size)))[0]
    if np.isnan(fit).any():
        return 0.0
    logits = columns @ fit
    return float(left @ logits - np.logaddexp(0, logits).sum())
