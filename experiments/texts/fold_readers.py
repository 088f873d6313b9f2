"""What readers of the other folds say of each text that a reader learns from, so that nobody is told its own label."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from experiments.texts import learning
from experiments.texts.equal_texts import folds_of
from experiments.texts.held_out import digest_of
from experiments.texts.reading import CLASSES
from features.errors import DataError
from features.texts.ngrams import Places


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
