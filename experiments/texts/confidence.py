"""Calibration of a text classifier: scores become probabilities, fitted on held-out texts.

Probabilities are a softmax of the scores times a slope plus a shift for each class; where fewer of a text's words are
known, the slope is smaller. The classes' advantages then are those under which the mean F1 of the classes is best.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from experiments.texts.judging import macro_f1
from experiments.texts.reading import Floats, calibrated, softmax
from features.texts.ngrams import Places

# A text is known where at least this share of its words is, or what all but a few training texts have.
KNOWN_SHARE, MOST_UNKNOWN = 0.65, 0.01
NAMES = ("linear", "covered", "familiar", "truth")
LEAST_SPREAD = 0.04
HELD = 1e-3
DECIMALS = 4
STEPS = np.round(np.linspace(-1.0, 1.0, 41), 3)


@dataclass(frozen=True)
class Unseen:
    """What models say of texts that they were not fitted on, and the truth.

    linear, shape (n_texts, n_classes), are their scores; covered and familiar, shape (n_texts,), the shares of the
    words and of all grams that they know.
    """

    linear: Floats
    covered: Floats
    familiar: Floats
    truth: Places

    def at(self, some: NDArray[np.bool_]) -> "Unseen":
        """The same of some of the texts."""
        return Unseen(*(getattr(self, name)[some] for name in NAMES))


def learn(inside: Unseen, beyond: Unseen) -> dict[str, Any]:
    """What one script's texts teach, as plain data.

    inside is by models of other texts like these, beyond by models of texts about something else: how sure to be where
    less is familiar is learned from both, the shifts and advantages of the classes from what is like these texts.
    """
    n_classes = inside.linear.shape[1]
    both = Unseen(*(np.concatenate([getattr(one, name) for one in (inside, beyond)]) for name in NAMES))
    known_from = max(0.01, min(KNOWN_SHARE, float(np.quantile(inside.covered, MOST_UNKNOWN))))
    slope, trust, *_ = _fitted(both, np.zeros(n_classes + 2), free=np.ones(n_classes + 2, dtype=bool))
    start = np.array([slope, trust, *np.zeros(n_classes)])
    shifts = _fitted(inside, start, free=np.arange(len(start)) >= 2)[2:]
    learned = {
        "known_from": round(known_from, DECIMALS),
        **_described(np.array([slope, trust, *shifts])),
    }
    logs = np.log(softmax(calibrated(inside.linear, inside.familiar, learned)))
    return {**learned, "advantages": _advantages(logs, inside.truth)}


def usual(familiar: Floats, numbers: Places, shares: Floats) -> dict[str, Any]:
    """What is usual of these texts, by which `reading.own_trade` tells others, as plain data.

    familiar, shape (n_texts,), is the share of a text's grams that a model of the other texts knows, numbers how many
    it has; shares are those of the classes.
    """
    return {
        "usual": round(float(np.median(familiar)), DECIMALS),
        "spread": round(max(LEAST_SPREAD, float(np.std(familiar))), DECIMALS),
        "length": max(1, int(np.median(numbers))),
        "log_shares": np.round(np.log(shares), DECIMALS).tolist(),
    }


def _described(values: Floats) -> dict[str, Any]:
    """The values by name: the logarithms of slope and trust, then the shifts."""
    slope, trust = np.round(np.exp(values[:2]), DECIMALS).tolist()
    return {"slope": slope, "trust": trust, "shifts": np.round(values[2:], DECIMALS).tolist()}


def _fitted(unseen: Unseen, start: Floats, *, free: NDArray[np.bool_]) -> Floats:
    """The values of greatest likelihood, see `_described`, of which those that are not free stay as at the start."""
    rows = np.arange(len(unseen.truth))

    def loss(moved: Floats) -> float:
        values = start.copy()
        values[free] = moved
        described = {"slope": np.exp(values[0]), "trust": np.exp(values[1]), "shifts": values[2:]}
        scores = calibrated(unseen.linear, unseen.familiar, described)
        top = scores.max(axis=1)
        logs = top + np.log(np.exp(scores - top[:, None]).sum(axis=1)) - scores[rows, unseen.truth]
        return float(logs.mean() + HELD * (values[1:] ** 2).sum())

    bounds = np.array([(-3.0, 5.0), (-3.0, 2.0), *[(-10.0, 10.0)] * (len(start) - 2)])
    values = start.copy()
    values[free] = minimize(loss, start[free], method="L-BFGS-B", bounds=bounds[free]).x
    return np.asarray(np.round(values, DECIMALS))


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
