"""Poisson counts determined by seed, cluster and draw alone, so that every machine gives the same."""

import math

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
# How often each cluster (customer) is taken in each draw, and the cluster of each row, as an index into them.
Counts = NDArray[np.uint8]
Clusters = NDArray[np.intp]

# SplitMix64 (Steele, Lea & Flood 2014): its step, and the multipliers of its mixing.
STEP, FIRST, SECOND = (np.uint64(one) for one in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))
# The Poisson(1) distribution function in units of 2^-32, where it is still below 1: a word's count is how many it has
# reached, so no probability is off by more than 2^-33.
THRESHOLDS = np.array(
    [
        below
        for k in range(20)
        if (below := round(sum(1 / math.factorial(i) for i in range(k + 1)) / math.e * 2**32)) < 2**32
    ],
    dtype=np.uint32,
)
# Words of one block: small enough for the cache.
BLOCK_WORDS = 1 << 14


def keys(*, n_clusters: int, seed: int) -> Words:
    """The key of each cluster's random stream, shape (n_clusters,), derived from the seed."""
    return _mixed(
        _mixed(np.array([seed % 2**64], dtype=np.uint64)) + STEP * np.arange(1, n_clusters + 1, dtype=np.uint64)
    )


def counts_of(streams: Words, draws: int) -> Counts:
    """Poisson(1) counts, shape (n_clusters, draws): word i of a cluster's stream gives its draws 2 i and 2 i + 1."""
    steps = STEP * np.arange(1, (draws + 1) // 2 + 1, dtype=np.uint64)
    counts = np.zeros((streams.size, draws), dtype=np.uint8)
    at_once = max(1, BLOCK_WORDS // max(1, steps.size))
    for start in range(0, streams.size, at_once):
        # The lower half of a word first, whatever the machine's order of bytes.
        words = _mixed(streams[start : start + at_once, None] + steps).astype("<u8", copy=False)
        halves = words.view("<u4")[:, :draws]
        for threshold in THRESHOLDS:
            counts[start : start + at_once] += halves >= threshold
    return counts


def _mixed(words: Words) -> Words:
    words = (words ^ (words >> np.uint64(30))) * FIRST
    words = (words ^ (words >> np.uint64(27))) * SECOND
    mixed: Words = words ^ (words >> np.uint64(31))
    return mixed
