"""Logistic regression: a linear predictor as log-odds."""

import numpy as np

from pipelines.models.scorers.kinds.linear import Linear
from pipelines.models.scorers.models import KINDS
from pipelines.models.scorers.reading import Numbers


class Logistic(Linear):
    """The linear predictor as log-odds."""

    def predict(self, X: Numbers) -> Numbers:
        """The logistic function of the sum."""
        return np.asarray(1.0 / (1.0 + np.exp(-super().predict(X))))


KINDS["logistic"] = Logistic
