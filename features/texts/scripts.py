"""The writing system of many texts."""

from collections.abc import Sequence

import numpy as np

from features.texts.ngrams import Places, grams


def scripts_of(texts: Sequence[str]) -> Places:
    """The script of each normalised text, as an index of SCRIPTS, shape (n_texts,)."""
    step = 1024
    parts = [grams(texts[start : start + step]).script for start in range(0, len(texts), step)]
    return np.concatenate([np.zeros(0, dtype=np.int64), *parts])
