"""AIPW scores (one per customer, whose mean is the effect), and curves of how well a model ranks by effect."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from experiments.metric import Numbers
from experiments.statistics.intervals import Interval, are_many, bootstrap, interval_of
from experiments.statistics.poisson import Clusters, Counts
from experiments.statistics.ranking import Indices, Ranking, block_totals, equal_count_bins, ranked
from features.errors import MetricError

SHARES: Numbers = np.linspace(0, 1, 101)


@dataclass(frozen=True)
class Curve:
    """A curve over the share of customers contacted, with a band; all four of shape (n_shares,).

    The band holds at each share by itself, not over all of them at once.
    """

    share: Numbers
    value: Numbers
    low: Numbers
    high: Numbers


@dataclass(frozen=True)
class UpliftGroup:
    """Customers of similar predicted uplift: rank 1 has the highest prediction; observed is the mean gamma."""

    rank: int
    n_rows: int
    predicted: float
    observed: Interval


def aipw_scores(
    *,
    arm: NDArray[np.generic],
    control: str,
    actions: Sequence[str],
    probability: Numbers,
    outcome: Numbers,
    nuisances: Mapping[str, Numbers] | None = None,
    bounded: bool = True,
) -> Numbers:
    """The AIPW score gamma of each row and action, whose mean is the action's effect; shape (n_rows, n_actions).

    arm names what each row was given and probability, in (0, 1], with which logged probability; outcome is
    1 for good, 0 for bad, or any number where it is not bounded, all of shape (n_rows,). nuisances holds the
    predicted outcome of every row under control and each action, fitted on other rows; without them it is plain
    inverse weighting. gamma_a =
    mu_a - mu_0 + 1{w=a}(y - mu_a)/e_a - 1{w=control}(y - mu_0)/e_0 (Robins, Rotnitzky & Zhao 1994).
    Raises MetricError for lengths that differ, values out of range, and arms unknown or without rows.
    """
    _check_trial(arm, [control, *actions], probability=probability, outcome=outcome, bounded=bounded)
    mu = nuisances if nuisances is not None else dict.fromkeys([control, *actions], np.zeros(arm.size))
    if missing := [name for name in (control, *actions) if name not in mu or mu[name].shape != arm.shape]:
        raise MetricError(f"AIPW scores: no predicted outcome, one a row, for arm {missing}; give one or none at all.")
    arms = {name: mu[name] + (arm == name) * (outcome - mu[name]) / probability for name in (control, *actions)}
    return np.column_stack([arms[action] - arms[control] for action in actions])


def plain_scores(
    *, arm: NDArray[np.generic], control: str, actions: Sequence[str], probability: Numbers, outcome: Numbers
) -> Numbers:
    """The AIPW scores of any numeric outcome, with the mean of each arm as its predicted outcome.

    The mean of the scores is then the plain difference of means; arguments, shapes and errors as for `aipw_scores`.
    """
    means = {
        name: np.average(outcome[arm == name], weights=1 / probability[arm == name]) for name in (control, *actions)
    }
    return aipw_scores(
        arm=arm,
        control=control,
        actions=actions,
        probability=probability,
        outcome=outcome,
        nuisances={name: np.full(outcome.size, mean) for name, mean in means.items()},
        bounded=False,
    )


def _check_trial(
    arm: NDArray[np.generic], arms: Sequence[str], *, probability: Numbers, outcome: Numbers, bounded: bool
) -> None:
    if not arm.shape == probability.shape == outcome.shape == (arm.size,):
        raise MetricError(
            f"AIPW scores: shapes differ: arm {arm.shape}, probability {probability.shape}, outcome {outcome.shape}."
        )
    if set(found := np.unique(arm).tolist()) != set(arms):
        raise MetricError(
            f"AIPW scores: the arms are {list(arms)}, the rows hold {found}; each needs rows, no other may."
        )
    if not bool(np.all((probability > 0) & (probability <= 1))):
        raise MetricError(
            "AIPW scores: a logged probability is missing or not in (0, 1]; leave out what had no chance."
        )
    if not bounded and not bool(np.all(np.isfinite(outcome))):
        raise MetricError("AIPW scores: an outcome is missing or infinite; every row in the trial needs one.")
    if bounded and not bool(np.all((outcome >= 0) & (outcome <= 1))):
        raise MetricError("AIPW scores: an outcome is missing or not in [0, 1]; 1 is good, 0 is bad.")


def gain_curve(
    gamma: Numbers,
    uplift: Numbers,
    *,
    counts: Counts,
    clusters: Clusters | None = None,
    shares: Numbers = SHARES,
    level: float = 0.95,
) -> Curve:
    """Q(q): the gain from contacting the top share q by predicted uplift, in outcomes per customer (of all).

    gamma and uplift have shape (n_rows,); counts and clusters as for `bootstrap`; shares lie in [0, 1].
    Tied rows take their block's mean gamma; a share that ends within a row takes its part of it.
    """
    ranking = ranked(uplift)

    def gains(weights: Numbers) -> Numbers:
        return _gains(ranking, gamma=gamma, weights=weights, shares=shares)

    point = gains(np.ones((1, gamma.size)))[0]
    if not are_many(counts, gamma.size):
        return _banded(shares, point, bootstrap(gains, counts=counts, clusters=clusters), level)
    of_rows = np.arange(gamma.size) if clusters is None else clusters
    return _banded(shares, point, _fast_gains(gamma, uplift, counts=counts, clusters=of_rows, shares=shares), level)


def _gains(ranking: Ranking, *, gamma: Numbers, weights: Numbers, shares: Numbers) -> Numbers:
    """The gain curve under every draw, shape (draws, n_shares); NaN in a draw without rows."""
    ends = np.cumsum(block_totals(ranking, weights), axis=1)
    gains = np.cumsum(block_totals(ranking, weights * gamma), axis=1)
    curves = np.full((weights.shape[0], shares.size), np.nan)
    for draw in np.flatnonzero(ends[:, -1]):
        rows = np.append(0.0, ends[draw])
        curves[draw] = np.interp(shares * rows[-1], rows, np.append(0.0, gains[draw])) / rows[-1]
    return curves


def _fast_gains(gamma: Numbers, uplift: Numbers, *, counts: Counts, clusters: Clusters, shares: Numbers) -> Numbers:
    """What `_gains` gives, for many draws of very many rows."""
    from experiments.statistics import kernels

    rising = np.argsort(shares, kind="stable")
    rows = kernels.totals(np.ones((gamma.size, 1)), counts=counts, clusters=clusters)[0]
    blocks = kernels.in_blocks(uplift, gamma, counts=counts, clusters=clusters)
    curves = np.empty((rows.size, shares.size))
    curves[:, rising] = kernels.gain_curves(*blocks, rows, shares[rising])
    return curves / np.where(rows > 0, rows, np.nan)[:, None]


def _banded(shares: Numbers, point: Numbers, draws: Numbers, level: float) -> Curve:
    reach = ndtri((1 + level) / 2) * np.nanstd(draws, axis=0, ddof=1)
    return Curve(shares, point, point - reach, point + reach)


def uplift_groups(
    gamma: Numbers,
    uplift: Numbers,
    *,
    counts: Counts,
    clusters: Clusters | None = None,
    groups: int = 10,
    level: float = 0.95,
) -> tuple[UpliftGroup, ...]:
    """Predicted against observed uplift in groups of equal size by predicted uplift, highest first.

    gamma and uplift have shape (n_rows,); counts and clusters as for `bootstrap`. Tied rows share a group,
    so with many ties there are fewer than `groups`. Raises MetricError for a group too small for an interval.
    """
    rank = _ranks(uplift, groups)
    ranks = np.unique(rank)
    member = (rank[:, None] == ranks).astype(np.float64)
    gains = gamma[:, None] * member

    def means(weights: Numbers) -> Numbers:
        with np.errstate(invalid="ignore"):
            found: Numbers = (weights @ gains) / (weights @ member)
        return found

    point = means(np.ones((1, gamma.size)))[0]
    if are_many(counts, gamma.size):
        of_rows = np.arange(gamma.size) if clusters is None else clusters
        draws = _fast_means(gains, member, counts=counts, clusters=of_rows)
    else:
        draws = bootstrap(means, counts=counts, clusters=clusters)
    return tuple(
        UpliftGroup(
            rank=int(ranks[group]),
            n_rows=int(member[:, group].sum()),
            predicted=float(uplift[rank == ranks[group]].mean()),
            observed=interval_of(draws[:, group], float(point[group]), level=level),
        )
        for group in range(ranks.size)
    )


def _ranks(uplift: Numbers, groups: int) -> Indices:
    """The rank of each row's group, 1 for the highest uplift; shape (n_rows,).

    Ties can leave a group of a row or two, of which nothing can be said: with less than half of an even share, a group
    joins the smaller of its neighbours.
    """
    ranks, member, sizes = np.unique(groups - equal_count_bins(uplift, groups), return_inverse=True, return_counts=True)
    while len(sizes) > 1 and sizes.min() < len(uplift) / (2 * groups):
        place = int(sizes.argmin())
        near = [one for one in (place - 1, place + 1) if 0 <= one < len(sizes)]
        into = min(near, key=lambda one: sizes[one])
        ranks[place] = ranks[into]
        ranks, moved = np.unique(ranks, return_inverse=True)
        member = moved[member]
        sizes = np.bincount(member)
    return ranks[member]


def _fast_means(gains: Numbers, member: Numbers, *, counts: Counts, clusters: Clusters) -> Numbers:
    """The sum of gains over that of members, each (n_rows, n_groups), under many draws; shape (draws, n_groups)."""
    from experiments.statistics import kernels

    of_gains, of_members = (kernels.totals(columns, counts=counts, clusters=clusters) for columns in (gains, member))
    with np.errstate(invalid="ignore"):
        return (of_gains / of_members).T
