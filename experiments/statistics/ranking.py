"""Rows sorted by score, highest first, with ties grouped into blocks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.metric import Numbers

Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Ranking:
    """An order of rows: order lists them, highest score first; starts is where each block of equal scores begins.

    order has shape (n_rows,), starts has shape (n_blocks,) and points into order.
    """

    order: Indices
    starts: Indices


def ranked(score: Numbers) -> Ranking:
    """The ranking of rows by score, shape (n_rows,), without missing values."""
    order = np.argsort(-score, kind="stable")
    descending = score[order]
    is_start = np.concatenate(([True], descending[1:] != descending[:-1]))
    return Ranking(order, np.flatnonzero(is_start))


def block_totals(ranking: Ranking, values: Numbers) -> Numbers:
    """The sum of values in every block, highest score first: (draws, n_rows) to (draws, n_blocks)."""
    ordered = np.take(values, ranking.order, axis=1)
    if ranking.starts.size == ranking.order.size:
        return ordered
    totals: Numbers = np.add.reduceat(ordered, ranking.starts, axis=1)
    return totals


def equal_count_bins(score: Numbers, bins: int) -> Indices:
    """The bin of every row, 0 (lowest scores) to bins - 1, of as equal counts as ties allow; shape (n_rows,).

    A row's bin follows from the middle rank of its tied block, so tied rows share a bin, the order of rows
    changes nothing, and with many ties some bins stay empty.
    """
    _, block, counts = np.unique(score, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - counts / 2
    return np.floor(bins * middle / score.size).astype(np.intp)[block]


def row_products(left: Numbers, right: Numbers) -> Numbers:
    """The sum of left times right along each row: two (draws, n) to (draws,)."""
    products: Numbers = np.einsum("ij,ij->i", left, right)
    return products
