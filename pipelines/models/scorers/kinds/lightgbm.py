"""LightGBM boosters, loaded from LightGBM's own text format."""

import threading

import lightgbm
import numpy as np

from pipelines.models.scorers.models import KINDS, THREADS
from pipelines.models.scorers.reading import Numbers, Plain

REQUIREMENTS = ("lightgbm",)
# A thread has at least so many rows to explain; so many are explained at once, to keep memory bounded.
EXPLAINED_EACH, EXPLAINED_AT_ONCE = 64, 4096
# LightGBM prepares its trees anew for each explanation; two at once would do it under each other's hands.
EXPLAINING = threading.Lock()
# How LightGBM's text says that predictions are probabilities.
OF_PROBABILITIES = "\nobjective=binary"
# Below this change of the log-odds a secant is the tangent.
SAME_LOG_ODDS = 1e-7


class Lightgbm:
    """The mean of a few boosters; given are extra columns, constant over the rows."""

    def __init__(self, plain: Plain, texts: list[str]) -> None:
        self.given = plain["given"]
        self.boosters = [lightgbm.Booster(model_str=text) for text in texts]
        self.is_probability = OF_PROBABILITIES in texts[0]

    def predict(self, X: Numbers) -> Numbers:
        """Mean of the boosters' predictions, added in order; one thread, since threads of one wait on each other."""
        total = np.zeros(len(X))
        if len(X):
            rows = self._with_given(X)
            for booster in self.boosters:
                total = total + booster.predict(rows, num_threads=1)
        return np.asarray(total / len(self.boosters))

    def contributions(self, X: Numbers) -> Numbers:
        """Shapley contributions (Lundberg et al. 2020) to each booster, weighted so that they add up, and the baseline.

        The mean of a number is linear: each booster weighs the same. Of a probability see `secants`. What was given
        has no column of its own; its part is in the baseline.
        """
        found = np.zeros((len(X), X.shape[1] + 1))
        for start in range(0, len(X), EXPLAINED_AT_ONCE):
            some = slice(start, start + EXPLAINED_AT_ONCE)
            found[some] = self._explained(X[some])
        return found

    def _explained(self, X: Numbers) -> Numbers:
        rows, n_columns = self._with_given(X), X.shape[1]
        threads = max(1, min(THREADS, len(X) // EXPLAINED_EACH))
        with EXPLAINING:
            parts = [np.asarray(one.predict(rows, pred_contrib=True, num_threads=threads)) for one in self.boosters]
        bases = np.stack([one[:, -1] for one in parts])
        if self.is_probability:
            weights, start = secants(bases, bases + np.stack([one[:, :-1].sum(axis=1) for one in parts]))
        else:
            weights, start = np.full(bases.shape, 1.0 / len(parts)), bases.mean(axis=0)
        found = np.column_stack([np.zeros(X.shape), start])
        for weight, one in zip(weights, parts, strict=True):
            found[:, :n_columns] += weight[:, None] * one[:, :n_columns]
            found[:, n_columns] += weight * one[:, n_columns:-1].sum(axis=1)
        return found

    def _with_given(self, X: Numbers) -> Numbers:
        return np.hstack([X, np.tile(self.given, (len(X), 1))]) if self.given else X


def secants(bases: Numbers, margins: Numbers) -> tuple[Numbers, Numbers]:
    """Weights of members' log-odds with which the log-odds of their mean probability add up, and its baseline.

    bases and margins, shape (n_members, n_rows), are each member's log-odds of nobody in particular and of the row;
    weights have the same shape, the baseline (n_rows,). With L the log-odds of the mean probability, L(margins) is
    L(bases) plus weights times margins - bases, exactly: a weight is the slope of the secant of the member's
    probability times that of L by the mean, the rescale rule of DeepLIFT (Shrikumar et al. 2017, section 3.5.1). All
    are positive; where members agree, each is one over their number.
    """
    change = margins - bases
    high, low = np.maximum(margins, bases), np.minimum(margins, bases)
    # Of sigmoid(high) - sigmoid(low), without cancellation.
    rise = np.sign(change) * _sigmoid(high) * _sigmoid(-low) * -np.expm1(-np.abs(change))
    flat = np.abs(change) < SAME_LOG_ODDS
    slope = np.where(flat, _sigmoid(bases) * _sigmoid(-bases), rise / np.where(flat, 1.0, change))
    start, end = _log_odds_of_mean(bases), _log_odds_of_mean(margins)
    mean_rise, is_flat = rise.mean(axis=0), np.abs(end - start) < SAME_LOG_ODDS
    tangent = 1.0 / (_sigmoid(bases).mean(axis=0) * _sigmoid(-bases).mean(axis=0))
    steep = np.where(is_flat, tangent, (end - start) / np.where(is_flat, 1.0, mean_rise))
    return steep * slope / len(bases), start


def _sigmoid(margin: Numbers) -> Numbers:
    return np.asarray(np.exp(-np.logaddexp(0.0, -margin)))


def _log_odds_of_mean(margins: Numbers) -> Numbers:
    """The log-odds of the mean over members of the probabilities with these log-odds, shape (n_rows,)."""
    leaves, stays = -np.logaddexp(0.0, -margins), -np.logaddexp(0.0, margins)
    return np.asarray(np.logaddexp.reduce(leaves, axis=0) - np.logaddexp.reduce(stays, axis=0))


KINDS["lightgbm"] = Lightgbm
