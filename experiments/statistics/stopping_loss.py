"""The loss for early stopping of boosting: the log loss after calibration of overconfident probabilities.

Boosters keep improving their ranking long after their probabilities have become too extreme. Calibration corrects that
later, so the plain log loss would stop too early. An underconfident model is judged uncalibrated: in the first rounds a
free slope would make the loss uninformative, and noise would stop it.
"""

from typing import Any

import numpy as np

from experiments.metric import Numbers
from experiments.statistics import rounding
from experiments.statistics.newton import logistic_fit, logits

NAME = "calibrated log loss"


class StoppingLoss:
    """The log loss of rows whose outcome is `truth`, shape (n_rows,), as LightGBM asks for it after each round.

    weights, shape (n_rows,), is for how many rows each stands (None: for itself).
    Each round's calibration begins at that of the round before.
    """

    def __init__(self, truth: Numbers, weights: Numbers | None = None) -> None:
        self._truth, self._alike = truth, weights is None
        self._weights = np.ones((1, len(truth))) if weights is None else weights[None, :]
        self._line = np.array([0.0, 1.0])

    def __call__(self, probability: Numbers, _rows: Any) -> tuple[str, float, bool]:
        """Name, value in nats, and that a higher one is no better; probability has shape (n_rows,)."""
        return NAME, rounding.figure(self.value(logits(probability))), False

    def value(self, log_odds: Numbers) -> float:
        """The loss with the intercept and the slope that suit best, if that slope is below 1; else as they are."""
        if self._too_sure(log_odds):
            columns = np.column_stack([np.ones(len(log_odds)), log_odds])
            step = logistic_fit(columns, target=self._truth, weights=self._weights, offset=columns @ self._line)[0]
            if np.isfinite(step).all():
                self._line = self._line + step
                if 0 < self._line[1] < 1:
                    return self._loss(columns @ self._line)
        self._line = np.array([0.0, 1.0])
        return self._loss(log_odds)

    def _too_sure(self, log_odds: Numbers) -> bool:
        """Whether the log loss falls as the log-odds move towards their mean: a slope below 1 is better."""
        wrong = self._truth - (1 + np.tanh(log_odds / 2)) / 2
        if self._alike:
            return bool(wrong @ (log_odds - log_odds.mean()) < 0)
        weights = self._weights[0]
        return bool((weights * wrong) @ (log_odds - np.average(log_odds, weights=weights)) < 0)

    def _loss(self, log_odds: Numbers) -> float:
        each = np.logaddexp(0.0, log_odds) - self._truth * log_odds
        return float(np.mean(each) if self._alike else np.average(each, weights=self._weights[0]))
