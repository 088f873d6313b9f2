"""LightGBM boosters, loaded from LightGBM's own text format."""

import threading

import lightgbm
import numpy as np

from pipelines.models.scorers.models import KINDS, THREADS
from pipelines.models.scorers.reading import Numbers, Plain

REQUIREMENTS = ("lightgbm",)
# A thread has at least so many rows to explain.
EXPLAINED_EACH = 64
# LightGBM prepares its trees anew for each explanation; two at once would do it under each other's hands.
EXPLAINING = threading.Lock()


class Lightgbm:
    """The mean of a few boosters; given are extra columns, constant over the rows."""

    def __init__(self, plain: Plain, texts: list[str]) -> None:
        self.given = plain["given"]
        self.boosters = [lightgbm.Booster(model_str=text) for text in texts]

    def predict(self, X: Numbers) -> Numbers:
        """Mean of the boosters' predictions, added in order; one thread, since threads of one wait on each other."""
        total = np.zeros(len(X))
        if len(X):
            rows = np.hstack([X, np.tile(self.given, (len(X), 1))]) if self.given else X
            for booster in self.boosters:
                total = total + booster.predict(rows, num_threads=1)
        return np.asarray(total / len(self.boosters))

    def contributions(self, X: Numbers) -> Numbers:
        """Exact Shapley contributions (Lundberg et al. 2020) to the first booster; the others differ by seed only."""
        if not len(X):
            return np.zeros(X.shape)
        threads = max(1, min(THREADS, len(X) // EXPLAINED_EACH))
        with EXPLAINING:
            found = self.boosters[0].predict(X, pred_contrib=True, num_threads=threads)
        return np.asarray(found)[:, :-1]


KINDS["lightgbm"] = Lightgbm
