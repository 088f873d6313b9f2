"""The split of texts: the latest judge, equal texts on one side, and what fold models say of the others."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.texts import learning
from experiments.texts.equal_texts import folds_of, groups_of
from experiments.texts.reading import CLASSES
from features.errors import DataError
from features.texts.ngrams import Places

HASHES = 16**12
Times = NDArray[np.datetime64]


def digest_of(text: str) -> str:
    """SHA-256, 64 hex digits, of a normalised text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def judging(texts: Sequence[str], known_at: Times, *, share: float) -> NDArray[np.bool_]:
    """Whether each normalised text judges, shape (n_texts,): the latest share of them, by when each was known first.

    Equal texts are on one side. Where no text has a time (all NaT), a text judges by its hash, so that it stays on its
    side when others come.
    """
    digests = np.array([digest_of(text) for text in texts])
    if np.isnat(known_at).all():
        return np.array([int(one[:12], 16) < share * HASHES for one in digests], dtype=bool)
    groups = groups_of(texts)
    n_groups = groups.max(initial=-1) + 1
    first = np.full(n_groups, np.iinfo(np.int64).max)
    np.minimum.at(first, groups, known_at.astype("datetime64[us]").astype(np.int64))
    name = np.empty(n_groups, dtype=digests.dtype)
    name[groups] = digests
    order = np.lexsort((name, first))
    counts = np.bincount(groups, minlength=n_groups)[order]
    from_the_end = np.cumsum(counts[::-1])[::-1]
    out = np.zeros(n_groups, dtype=bool)
    out[order[from_the_end <= share * len(texts)]] = True
    return out[groups]


def out_of_fold(
    texts: Sequence[str], classes: Places, *, params: Mapping[str, Any], n_folds: int, seed: int
) -> pd.DataFrame:
    """What readers say of texts that they were not fitted on, a row for each text as `Reader.read` gives it.

    Equal texts are in one fold. Raises DataError where the other folds have too few texts to learn from.
    """
    fold = folds_of(texts, classes, n_folds=n_folds, seed=seed)
    parts = []
    for one in np.unique(fold):
        outside = np.flatnonzero(fold == one)
        others = [text for text, is_other in zip(texts, fold != one, strict=True) if is_other]
        try:
            reader = learning.fit(others, classes[fold != one], params={**params, "topics": 0}, seed=seed)
        except DataError as error:
            raise DataError(f"of {n_folds} parts of the training texts, all but one are too few: {error}") from error
        parts.append(reader.read([texts[int(place)] for place in outside]).set_axis(outside))
    return pd.concat(parts).sort_index()


def by_digest(texts: Sequence[str], said: pd.DataFrame) -> pd.DataFrame:
    """The probabilities of the classes by the digest of a text, each text once, in the order of digests."""
    table = said[list(CLASSES)].reset_index(drop=True)
    table.insert(0, "digest", [digest_of(text) for text in texts])
    return table.drop_duplicates("digest").sort_values("digest").reset_index(drop=True)
