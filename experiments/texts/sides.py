"""Splits texts by subject, to test a text classifier on a subject absent from its training."""

import numpy as np
from scipy.sparse import csr_array

from experiments.texts.reading import Floats
from features.texts.ngrams import Places

STEPS = 60
# Grams that a text can be told by: in some texts, and not in most.
FEWEST, LARGEST_SHARE = 5, 0.2


def sides_of(rows: csr_array) -> Places:
    """The side of each text, 0 or 1, or -1 in the middle; shape (n_texts,).

    rows has a one for each gram of a text, shape (n_texts, n_grams). Texts lie along the direction in which they differ
    most, the first principal component (by power iteration); the outer thirds are the sides.
    """
    side, place = np.full(rows.shape[0], -1), _along_the_main_direction(rows)
    side[place <= np.quantile(place, 1 / 3)] = 0
    side[place > np.quantile(place, 2 / 3)] = 1
    return side


def _along_the_main_direction(rows: csr_array) -> Floats:
    """The first principal component of each text, shape (n_texts,)."""
    texts = np.bincount(rows.indices, minlength=rows.shape[1])
    kept = np.flatnonzero((texts >= FEWEST) & (texts <= LARGEST_SHARE * rows.shape[0]))
    if not len(kept):
        return np.zeros(rows.shape[0])
    told = csr_array(rows[:, kept])
    numbers = np.diff(told.indptr)
    told = csr_array((np.repeat(1.0 / np.sqrt(np.maximum(numbers, 1)), numbers), told.indices, told.indptr), told.shape)
    turned, mean = csr_array(told.T), np.asarray(told.mean(axis=0))
    direction = np.cos(np.arange(len(kept), dtype=np.float64))  # any start that is not at right angles to it
    for _ in range(STEPS):
        along = told @ direction - (mean * direction).sum()
        direction = turned @ along - mean * along.sum()
        direction = direction / max(np.sqrt((direction**2).sum()), 1e-12)
    return np.asarray(np.round(told @ direction, 6))
