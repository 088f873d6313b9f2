"""The classes of texts, and how a data set's own labels become them."""

from collections.abc import Mapping, Sequence

import numpy as np

from experiments.texts.reading import CLASSES
from features.errors import SpecError
from features.texts.ngrams import Places


def classes_of(labels: Sequence[object], names: Mapping[str, Sequence[str]]) -> Places:
    """The class of each label, as an index of CLASSES, shape (n_texts,).

    names gives for each class the labels that mean it, such as {"bad": ["negative"], "good": ["positive"]}; a class
    may have none. Labels are compared as texts.
    Raises SpecError for a name that is no class, a label of two classes, fewer than two classes, and a label of none.
    """
    if strange := sorted(set(names) - set(CLASSES)):
        raise SpecError(f"classes {strange} are unknown; texts are {', '.join(CLASSES)}.")
    pairs = [(str(label), CLASSES.index(name)) for name in names for label in names[name]]
    known = dict(pairs)
    if len(known) < len(pairs):
        twice = sorted({label for label, _ in pairs if [one for one, _ in pairs].count(label) > 1})
        raise SpecError(f"the labels {twice} are listed twice; each means one class.")
    if len(set(known.values())) < 2:
        raise SpecError(f"labels of at least two of {', '.join(CLASSES)} are needed; there are {dict(names)}.")
    if unknown := sorted({str(label) for label in labels} - set(known)):
        raise SpecError(
            f"the labels {unknown[:5]} mean no class; list them under {', '.join(CLASSES)}, or leave those texts out."
        )
    return np.array([known[str(label)] for label in labels], dtype=np.int64)
