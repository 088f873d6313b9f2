"""Train/test splits of texts that keep duplicates together, so that copies do not inflate test scores."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from features.errors import DataError
from features.texts.ngrams import Places


def groups_of(texts: Sequence[str]) -> Places:
    """The index of the group of equal (normalised) texts that each belongs to, shape (n_texts,)."""
    return np.unique(np.array(texts, dtype=object), return_inverse=True)[1].astype(np.int64)


def folds_of(texts: Sequence[str], classes: Places, *, n_folds: int, seed: int) -> Places:
    """The fold of each text, shape (n_texts,): by class, at random, equal texts in one fold.

    The order of the texts changes nothing. Texts that are equal but for their class count as of the first class.
    """
    groups = groups_of(texts)
    fold = np.empty(groups.max(initial=-1) + 1, dtype=np.int64)
    start = 0
    for members in _shuffled(groups, classes, seed):
        fold[members] = (start + np.arange(len(members))) % n_folds
        start += len(members)
    return fold[groups]


def held_out(texts: Sequence[str], classes: Places, *, share: float, seed: int) -> NDArray[np.bool_]:
    """Whether each text is held out, shape (n_texts,): this share of the different texts of every class.

    Equal texts are on one side. Raises DataError unless share is between 0 and 1, both excluded.
    """
    if not 0 < share < 1:
        raise DataError(f"the share of texts to hold out is between 0 and 1; it is {share}.")
    groups = groups_of(texts)
    out = np.zeros(groups.max(initial=-1) + 1, dtype=bool)
    for members in _shuffled(groups, classes, seed):
        out[members[: round(share * len(members))]] = True
    return out[groups]


def _shuffled(groups: Places, classes: Places, seed: int) -> list[Places]:
    """The groups of each class in random order, by the first class of a group's texts."""
    of_group = np.full(groups.max(initial=-1) + 1, np.iinfo(np.int64).max)
    np.minimum.at(of_group, groups, classes)
    order = np.random.default_rng(seed).permutation(len(of_group))
    return [order[of_group[order] == one] for one in np.unique(of_group)]
