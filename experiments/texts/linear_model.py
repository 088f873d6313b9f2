"""The linear model of a reader: n-grams of texts, weighted by how differently the classes use them.

Each n-gram is weighted by the log ratio of its shares in the classes (naive Bayes), then a linear support vector
machine for each class against the others is fitted (NB-SVM, Wang and Manning 2012).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array, hstack
from sklearn.svm import LinearSVC

from experiments.statistics import rounding
from experiments.texts.reading import Floats
from features.texts.ngrams import BITS, Found, Places

TOLERANCE, MOST_PASSES = 0.01, 300
KINDS = ("units", "characters")


def distinct(found: Found, n_texts: int) -> csr_array:
    """Which buckets each text's grams are in: ones, shape (n_texts, 2 ** BITS)."""
    texts, buckets = np.divmod(np.unique(found.text << BITS | found.bucket), 1 << BITS)
    starts = np.searchsorted(texts, np.arange(n_texts + 1))
    ones = np.ones(len(buckets))
    return csr_array((ones, buckets.astype(np.int32), starts.astype(np.int32)), shape=(n_texts, 1 << BITS))


@dataclass(frozen=True)
class LinearModel:
    """For each kind of gram the buckets, ascending, and the weights of the classes, shape (n_buckets, n_classes)."""

    tables: Mapping[str, tuple[Places, Floats]]
    intercepts: Floats

    def decisions(self, rows: Mapping[str, csr_array]) -> Floats:
        """The scores of the classes, shape (n_texts, n_classes), as a reader computes them but for the last digits."""
        kinds = [_scaled(rows[kind][:, buckets]) @ weights for kind, (buckets, weights) in self.tables.items()]
        return np.asarray(sum(kinds) + self.intercepts)


def _scaled(rows: csr_array) -> csr_array:
    """Rows of length 1."""
    numbers = np.diff(rows.indptr)
    scales = np.repeat(1.0 / np.sqrt(np.maximum(numbers, 1)), numbers)
    return csr_array((scales, rows.indices, rows.indptr), shape=rows.shape)


def fit(
    rows: Mapping[str, csr_array], index: Places, truth: Places, *, n_classes: int, params: Mapping[str, Any], seed: int
) -> LinearModel:
    """The model of the rows at index, with nothing from the others; truth, shape (n_texts,), is below n_classes.

    rows are of `distinct`; seed is of the order in which the machine visits them.
    """
    mine_truth, parts, buckets, factors = truth[index], [], {}, {}
    for kind in KINDS:
        mine = rows[kind][index]
        buckets[kind] = np.flatnonzero(np.bincount(mine.indices, minlength=1 << BITS) >= params["min_texts"])
        mine = csr_array(mine[:, buckets[kind]])
        weight = params["characters"] if kind == "characters" else 1.0
        factors[kind] = weight * _contrast(mine, mine_truth) ** params["power"]
        scaled = _scaled(mine)
        parts.append(
            csr_array((scaled.data * factors[kind][scaled.indices], scaled.indices, scaled.indptr), scaled.shape)
        )
    joined = csr_array(hstack(parts, format="csr"))
    joined.indices, joined.indptr = joined.indices.astype(np.int32), joined.indptr.astype(np.int32)
    weights, intercepts = _one_against_others(joined, mine_truth, n_classes, params, seed)
    ends = np.split(weights, [len(buckets["units"])])
    return LinearModel(
        {
            kind: (buckets[kind], rounding.coefficients(part * factors[kind][:, None]))
            for kind, part in zip(KINDS, ends, strict=True)
        },
        rounding.coefficients(intercepts),
    )


def _contrast(rows: csr_array, truth: Places) -> Floats:
    """How differently the classes use each gram: the root mean square log ratio of its shares, 1 on average.

    A share is that of the gram among all grams of the class, or of the other classes, with one added to each count.
    """
    if not len(truth) or not rows.shape[1]:
        return np.ones(rows.shape[1])
    ratios = []
    for one in np.unique(truth):
        inside, outside = (
            np.bincount(rows[at].indices, minlength=rows.shape[1]) + 1.0 for at in (truth == one, truth != one)
        )
        ratios.append(np.log(inside / inside.sum()) - np.log(outside / outside.sum()))
    size = np.sqrt(np.mean(np.square(ratios), axis=0)) + 1e-6
    return np.asarray(size / np.sqrt(np.mean(size**2))) if len(size) else size


def _one_against_others(
    rows: csr_array, truth: Places, n_classes: int, params: Mapping[str, Any], seed: int
) -> tuple[Floats, Floats]:
    """The weights, shape (n_columns, n_classes), and intercepts of a support vector machine for each class.

    A class that no row, or every row, is of has no weights; where there are no rows, nothing is said for any class.
    """
    weights, intercepts = np.zeros((n_classes, rows.shape[1])), np.zeros(n_classes)
    if not len(truth):
        return weights.T, intercepts
    for one in range(n_classes):
        share = float(np.mean(truth == one))
        if n_classes == 2 and one == 0 and 0 < share < 1:
            continue  # the other way round
        if share in (0.0, 1.0) or not rows.shape[1]:
            intercepts[one] = 2.0 * share - 1.0
            continue
        sides = {0: (0.5 / (1 - share)) ** params["balance"], 1: (0.5 / share) ** params["balance"]}
        machine = LinearSVC(C=params["C"], class_weight=sides, tol=TOLERANCE, max_iter=MOST_PASSES, random_state=seed)
        machine.fit(rows, (truth == one).astype(np.int64))
        weights[one], intercepts[one] = machine.coef_[0], machine.intercept_[0]
    if n_classes == 2:
        weights[0], intercepts[0] = -weights[1], -intercepts[1]
    return weights.T, intercepts
