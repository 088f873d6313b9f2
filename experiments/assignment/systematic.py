"""Systematic sampling: equal chance for every customer; each stratum's count is within one of its share."""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from experiments.metric import Numbers

Strata = NDArray[np.intp]


def shuffled(strata: Strata, *, ids: Sequence[str], seed: str) -> NDArray[np.intp]:
    """An order of all customers, stratum by stratum and in each at random; shape (n_customers,).

    The place of a customer follows from seed, stratum and name alone, not from the order of the rows.
    """
    keys = np.array([hashlib.sha256(f"{seed}|{name}".encode()).digest()[:16] for name in ids], dtype="S16")
    order: NDArray[np.intp] = np.lexsort((keys, strata))
    return order


def uniform(seed: str) -> float:
    """A number in [0, 1) that follows from the seed; its resolution is 2**-53."""
    return (int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big") >> 11) / 2**53


def sample(strata: Strata, *, share: float, ids: Sequence[str], seed: str) -> NDArray[np.bool_]:
    """Who is drawn, shape (n_customers,): each with probability share.

    strata, shape (n_customers,), are whole numbers. Of a stratum of m customers floor(share m) or ceil(share m) are
    drawn, and the same holds of all together (systematic sampling of a random order: Madow 1949). share is in [0, 1].
    """
    drawn = np.zeros(len(strata), dtype=bool)
    drawn[shuffled(strata, ids=ids, seed=seed)] = np.diff(np.floor(_steps(share, len(strata)) + uniform(seed))) > 0
    return drawn


def one_of(probability: Numbers, *, ids: Sequence[str], seed: str) -> NDArray[np.intp]:
    """One of some options for each customer, shape (n_customers,), as an index, each with its probability.

    probability, shape (n_options,), sums to one. Of n customers floor or ceil of n times its probability get each
    option: they take turns in a random order, by the low-discrepancy cuts of one systematic sample.
    """
    order = shuffled(np.zeros(len(ids), dtype=np.intp), ids=ids, seed=seed)
    places = (np.arange(len(ids)) + uniform(f"{seed}|start")) / max(len(ids), 1)
    edges = np.cumsum(probability)[:-1] / probability.sum()
    chosen = np.zeros(len(ids), dtype=np.intp)
    chosen[order] = np.searchsorted(edges, places, side="right")
    return chosen


def _steps(share: float, size: int) -> Numbers:
    """The expected number drawn among the first j, for j from 0 to size."""
    steps: Numbers = np.arange(size + 1, dtype=float) * share
    return steps
