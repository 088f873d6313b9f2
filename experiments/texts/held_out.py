"""The split of texts into those that teach and those that judge: the latest judge, equal texts on one side."""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from experiments.texts.equal_texts import groups_of

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
