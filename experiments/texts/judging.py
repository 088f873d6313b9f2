"""How good a reader is: F1 of the classes, and whether its confidence is right."""

import numpy as np

from features.texts.ngrams import Places


def macro_f1(truth: Places, said: Places) -> float:
    """The mean over the classes in truth of F1 = 2 tp / (2 tp + fp + fn); a class that is said but never true counts not."""
    both = np.bincount(truth, weights=truth == said)
    sizes = np.bincount(truth)
    said_of = np.bincount(said, minlength=len(sizes))[: len(sizes)]
    there = sizes > 0
    return float(np.mean(2 * both[there] / (sizes + said_of)[there]))
