"""The prior model: a constant prediction."""

import numpy as np

from pipelines.models.scorers.models import KINDS
from pipelines.models.scorers.reading import Numbers, Plain


class Prior:
    """A constant prediction."""

    def __init__(self, plain: Plain, _texts: list[str]) -> None:
        self.probability = plain["probability"]

    def predict(self, X: Numbers) -> Numbers:
        """The same for every row."""
        return np.full(len(X), self.probability)

    def contributions(self, X: Numbers) -> Numbers:
        """All contributions are 0; the baseline is the log-odds, or the number itself outside (0, 1)."""
        p = self.probability
        baseline = np.log(p / (1.0 - p)) if 0.0 < p < 1.0 else p
        return np.column_stack([np.zeros(X.shape), np.full(len(X), baseline)])


KINDS["prior"] = Prior
