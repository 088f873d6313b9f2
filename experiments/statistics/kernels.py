"""Compiled loops for the bootstrap of many rows: one pass over the rows serves all draws.

The draws stand customer by customer, so a row costs one look-up for all of them, and the innermost loop runs over the
draws, where the processor takes several at a time. No sum runs across draws, so the bits are the same on every machine.
What a metric's own function says remains its definition: these give the sums that it is made of.
Import this module within functions: it brings numba, which takes a second.
"""

import sys
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

from experiments.metric import Numbers
from experiments.statistics.poisson import FIRST, SECOND, STEP, Clusters, Counts, Words
from experiments.statistics.ranking import ranked

Loop = TypeVar("Loop", bound=Callable[..., Any])
Blocks = tuple[Counts, NDArray[np.intp], Numbers, NDArray[np.intp]]

ONE, SHIFTS = np.uint64(1), (np.uint64(30), np.uint64(27), np.uint64(31))


def compiled(loop: Loop) -> Loop:
    """Compile a loop at its first call; later processes reuse it, unless Python may write no compiled code."""
    try:
        return cast("Loop", njit(cache=not sys.dont_write_bytecode)(loop))
    except RuntimeError:  # neither this folder nor the user's cache can be written
        return cast("Loop", njit(loop))


def in_blocks(score: Numbers, values: Numbers, *, counts: Counts, clusters: Clusters) -> Blocks:
    """The input of the ranking kernels: rows by score, highest first, in blocks of equal score.

    taken (n_clusters, draws) says how often each customer was drawn, customers (n_rows,) and values (n_rows,) are those
    of the rows in order, bounds (n_blocks + 1,) where each block begins and the last one ends.
    """
    ranking = ranked(score)
    bounds = np.append(ranking.starts, score.size)
    return np.ascontiguousarray(counts.T), clusters[ranking.order], values[ranking.order], bounds


@compiled
def _add_up(taken: Counts, customers: Clusters, values: Numbers, count: Numbers, total: Numbers) -> None:
    """Set count and total, shape (draws,), to the rows of one block and to the sum of their values."""
    times, value = taken[customers[0]], values[0]
    for draw in range(count.size):
        count[draw] = times[draw]
        total[draw] = times[draw] * value
    for row in range(1, customers.size):
        times, value = taken[customers[row]], values[row]
        for draw in range(count.size):
            count[draw] += times[draw]
            total[draw] += times[draw] * value


@compiled
def auc(taken: Counts, customers: Clusters, truth: Numbers, bounds: Clusters) -> tuple[Numbers, Numbers, Numbers]:
    """Pairs in which the negative is ranked higher (ties one half), positives and negatives; shape (draws,) each."""
    draws = taken.shape[1]
    count, found = np.empty(draws), np.empty(draws)
    outranked, positives, negatives = np.zeros(draws), np.zeros(draws), np.zeros(draws)
    for block in range(bounds.size - 1):
        rows = slice(bounds[block], bounds[block + 1])
        _add_up(taken, customers[rows], truth[rows], count, found)
        for draw in range(draws):
            others = count[draw] - found[draw]
            outranked[draw] += found[draw] * (negatives[draw] + others / 2)
            positives[draw] += found[draw]
            negatives[draw] += others
    return outranked, positives, negatives


@compiled
def qini(taken: Counts, customers: Clusters, gamma: Numbers, bounds: Clusters) -> tuple[Numbers, Numbers, Numbers]:
    """Rows, the sum of gamma, and the sum over rows of the gamma ranked above them; shape (draws,) each.

    A row counts half of its own block's gamma as ranked above it.
    """
    draws = taken.shape[1]
    count, gain = np.empty(draws), np.empty(draws)
    rows, gains, area = np.zeros(draws), np.zeros(draws), np.zeros(draws)
    for block in range(bounds.size - 1):
        inside = slice(bounds[block], bounds[block + 1])
        _add_up(taken, customers[inside], gamma[inside], count, gain)
        for draw in range(draws):
            area[draw] += count[draw] * (gains[draw] + gain[draw] / 2)
            gains[draw] += gain[draw]
            rows[draw] += count[draw]
    return rows, gains, area


@compiled
def autoc(
    taken: Counts, customers: Clusters, gamma: Numbers, bounds: Clusters, harmonic: Numbers
) -> tuple[Numbers, Numbers]:
    """Rows, and the sum over i of TOC(i/n), as `experiments.metrics.autoc` has it; shape (draws,) each.

    harmonic[k] is the k-th harmonic number, up to the most rows of a draw.
    """
    draws = taken.shape[1]
    count, gain, reached = np.empty(draws), np.empty(draws), np.empty(draws)
    rows, gains, before, total = np.zeros(draws), np.zeros(draws), np.zeros(draws), np.zeros(draws)
    for block in range(bounds.size - 1):
        inside = slice(bounds[block], bounds[block + 1])
        _add_up(taken, customers[inside], gamma[inside], count, gain)
        # By itself, so that the other loop is one that the processor can take several draws at a time in.
        for draw in range(draws):
            reached[draw] = harmonic[np.uint32(np.int32(rows[draw] + count[draw]))]
        for draw in range(draws):
            mean = gain[draw] / (count[draw] + (count[draw] == 0))
            total[draw] += (gains[draw] - mean * rows[draw]) * (reached[draw] - before[draw])
            gains[draw] += gain[draw]
            rows[draw] += count[draw]
            before[draw] = reached[draw]
    return rows, total


@compiled
def gain_curves(
    taken: Counts, customers: Clusters, gamma: Numbers, bounds: Clusters, rows: Numbers, shares: Numbers
) -> Numbers:
    """The sum of gamma within each top share, shape (draws, n_shares); rows (draws,) is what each draw holds.

    shares rise within [0, 1]. A share that ends within a block takes its part of it. NaN in a draw without rows.
    """
    draws = taken.shape[1]
    count, gain, ends, gains = np.empty(draws), np.empty(draws), np.zeros(draws), np.zeros(draws)
    curves = np.full((draws, shares.size), np.nan)
    passed, target = np.zeros(draws, np.intp), shares[0] * rows
    for block in range(bounds.size - 1):
        inside = slice(bounds[block], bounds[block + 1])
        _add_up(taken, customers[inside], gamma[inside], count, gain)
        for draw in range(draws):
            end = ends[draw] + count[draw]
            while target[draw] <= end and count[draw] > 0:
                part = (target[draw] - ends[draw]) / count[draw]
                curves[draw, passed[draw]] = gains[draw] + part * gain[draw]
                passed[draw] += 1
                target[draw] = shares[passed[draw]] * rows[draw] if passed[draw] < shares.size else np.inf
            ends[draw] = end
            gains[draw] += gain[draw]
    return curves


def totals(columns: Numbers, *, counts: Counts, clusters: Clusters) -> Numbers:
    """The sum of each column, shape (n_rows, n_columns), under every draw; shape (n_columns, draws)."""
    of_customers = np.zeros((counts.shape[1], columns.shape[1]))
    for place in range(columns.shape[1]):
        of_customers[:, place] = np.bincount(clusters, weights=columns[:, place], minlength=counts.shape[1])
    return _totals(np.ascontiguousarray(counts.T), of_customers)


@compiled
def _totals(taken: Counts, sums: Numbers) -> Numbers:
    """The sums of customers, shape (n_clusters, n_columns), under every draw; shape (n_columns, draws)."""
    found = np.zeros((sums.shape[1], taken.shape[1]))
    for customer in range(sums.shape[0]):
        times = taken[customer]
        for column in range(sums.shape[1]):
            value, total = sums[customer, column], found[column]
            if value != 0:
                for draw in range(times.size):
                    total[draw] += times[draw] * value
    return found


def means(values: Numbers, *, counts: Counts, clusters: Clusters) -> Numbers:
    """The mean of values, shape (n_rows,), under every draw; shape (draws,), NaN in a draw without rows."""
    found = totals(np.column_stack([np.ones_like(values), values]), counts=counts, clusters=clusters)
    mean: Numbers = found[1] / found[0]
    return mean


def of_both_classes(columns: Numbers, truth: Numbers, *, counts: Counts, clusters: Clusters) -> Numbers:
    """The mean of each column, shape (n_rows, n_columns), under every draw; shape (n_columns, draws).

    NaN in a draw that holds one class of truth only.
    """
    known = np.column_stack([np.ones_like(truth), truth, columns])
    rows, positives, *found = totals(known, counts=counts, clusters=clusters)
    of_both: Numbers = np.where((positives > 0) & (positives < rows), np.array(found) / rows, np.nan)
    return of_both


@compiled
def counts_of(streams: Words, draws: int, thresholds: NDArray[np.uint32]) -> Counts:
    """The same as `experiments.statistics.poisson.counts_of`."""
    counts = np.empty((streams.size, draws), np.uint8)
    words = np.empty((draws + 1) // 2, np.uint64)
    halves = words.view(np.uint32)
    for cluster in range(streams.size):
        for place in range(words.size):
            word = streams[cluster] + STEP * (np.uint64(place) + ONE)
            word = (word ^ (word >> SHIFTS[0])) * FIRST
            word = (word ^ (word >> SHIFTS[1])) * SECOND
            words[place] = word ^ (word >> SHIFTS[2])
        row = counts[cluster]
        for draw in range(draws):
            row[draw] = halves[draw] >= thresholds[0]
        for threshold in thresholds[1:]:
            for draw in range(draws):
                row[draw] += halves[draw] >= threshold
    return counts
