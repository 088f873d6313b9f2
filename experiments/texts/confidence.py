"""What makes a reader's scores probabilities, learned for each script on texts that it was not fitted on.

Probabilities are a softmax of the scores times a slope plus a shift for each class; where fewer of a text's words are
known, the slope is smaller. The classes' advantages then are those under which the mean F1 of the classes is best.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.optimize import minimize

from experiments.texts.judging import macro_f1
from experiments.texts.reading import Floats, calibrated, softmax
from features.texts.ngrams import Places

# A text is known where at least this share of its words is, or what all but a few training texts have.
KNOWN_SHARE, MOST_UNKNOWN = 0.6, 0.005
FEWEST_OF_A_SCRIPT, FEWEST_OF_A_CLASS = 50, 10
HELD = 1e-3
DECIMALS = 4
STEPS = np.round(np.linspace(-1.0, 1.0, 41), 3)


def learn(linear: Floats, covered: Floats, classes: Places, present: Places) -> Mapping[str, Any] | None:
    """What one script's texts teach, as plain data; None where they are too few or of one class.

    linear, shape (n_texts, n_present), are scores out of fold, covered the shares of known words, shape (n_texts,).
    """
    numbers = np.array([np.sum(classes == one) for one in present])
    mine = np.flatnonzero(numbers >= FEWEST_OF_A_CLASS)
    kept = np.isin(classes, present[mine])
    if kept.sum() < FEWEST_OF_A_SCRIPT or len(mine) < 2:
        return None
    linear, covered, truth = linear[kept][:, mine], covered[kept], np.searchsorted(present[mine], classes[kept])
    known_from = min(KNOWN_SHARE, float(np.quantile(covered, MOST_UNKNOWN)))
    learned = {"classes": present[mine].tolist(), "known_from": round(max(known_from, 0.01), DECIMALS)}
    learned |= _fitted(linear, covered, truth, learned)
    probability = softmax(calibrated(linear, covered, learned))
    return {**learned, "advantages": _advantages(np.log(probability), truth)}


def _fitted(linear: Floats, covered: Floats, truth: Places, learned: Mapping[str, Any]) -> dict[str, Any]:
    """The slope, the shifts and how much the share of known words matters, of greatest likelihood."""
    n_classes, rows = linear.shape[1], np.arange(len(truth))

    def described(values: Floats) -> dict[str, Any]:
        return {**learned, "slope": float(np.exp(values[0])), "trust": float(np.exp(values[1])), "shifts": values[2:]}

    def loss(values: Floats) -> float:
        scores = calibrated(linear, covered, described(values))
        top = scores.max(axis=1)
        logs = top + np.log(np.exp(scores - top[:, None]).sum(axis=1)) - scores[rows, truth]
        return float(logs.mean() + HELD * (values[2:] ** 2).sum() + HELD * values[1] ** 2)

    found = minimize(
        loss, np.zeros(n_classes + 2), method="L-BFGS-B", bounds=[(-3, 5), (-3, 3)] + [(-10, 10)] * n_classes
    )
    best = described(np.round(found.x, DECIMALS))
    return {"slope": best["slope"], "trust": best["trust"], "shifts": best["shifts"].tolist()}


def _advantages(logs: Floats, truth: Places) -> list[float]:
    """What is added to each class's log-probability before the largest is chosen; 0 for the first."""
    n_classes = logs.shape[1]
    best = np.zeros(n_classes)
    for _ in range(2):
        for k in range(1, n_classes):
            tried = [best + (step - best[k]) * (np.arange(n_classes) == k) for step in STEPS]
            scores = [macro_f1(truth, (logs + one).argmax(axis=1)) for one in tried]
            best = tried[_middle_of_best(scores)]
    return [float(one) for one in np.round(best, DECIMALS)]


def _middle_of_best(scores: list[float]) -> int:
    """Where the scores, averaged over neighbours, are largest; of equals, the one nearest to the middle."""
    smooth = np.convolve(np.pad(scores, 2, mode="edge"), np.ones(5) / 5, mode="valid")
    best = np.flatnonzero(np.round(smooth, 9) == np.round(smooth, 9).max())
    return int(best[np.argmin(np.abs(best - len(scores) // 2))])
