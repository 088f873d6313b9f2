"""The loss for early stopping of boosting: the log loss after calibration of overconfident probabilities.

Boosters keep improving their ranking long after their probabilities have become too extreme. Calibration corrects that
later, so the plain log loss would stop too early. An underconfident model is judged uncalibrated: in the first rounds a
free slope would make the loss uninformative, and noise would stop it.
"""

from typing import Any

import numpy as np

from experiments.metric import Numbers
from experiments.statistics import rounding
from experiments.statistics.newton import CLOSE_ENOUGH, MAXIMUM_STEPS, NO_INFORMATION, SINGULAR, logits

NAME = "calibrated log loss"


class StoppingLoss:
    """The log loss of rows whose outcome is `truth`, shape (n_rows,), as LightGBM asks for it after each round.

    weights, shape (n_rows,), is for how many rows each stands (None: for itself).
    Each round's calibration begins at that of the round before.
    """

    def __init__(self, truth: Numbers, weights: Numbers | None = None) -> None:
        self._truth, self._alike = truth, weights is None
        self._weights = np.ones(len(truth)) if weights is None else weights
        self._observed = 2 * truth - 1
        self._line = (0.0, 1.0)

    def __call__(self, probability: Numbers, _rows: Any) -> tuple[str, float, bool]:
        """Name, value in nats, and that a higher one is no better; probability has shape (n_rows,)."""
        return NAME, rounding.figure(self.value(logits(probability))), False

    def value(self, log_odds: Numbers) -> float:
        """The loss with the intercept and the slope that suit best, if that slope is below 1; else as they are."""
        if self._too_sure(log_odds):
            line = self._calibration(log_odds)
            if line is not None:
                self._line = line
                if 0 < line[1] < 1:
                    return self._loss(line[0] + line[1] * log_odds)
        self._line = (0.0, 1.0)
        return self._loss(log_odds)

    def _calibration(self, log_odds: Numbers) -> tuple[float, float] | None:
        """The intercept and the slope that suit best; None where there are none, as where the classes are separated.

        What `newton.logistic_fit` finds, for one column and one draw: as sums, since a search asks after every round.
        """
        intercept, slope = self._line
        reach, square = float(np.abs(log_odds).max()), log_odds * log_odds
        for _ in range(MAXIMUM_STEPS):
            t = np.tanh((intercept + slope * log_odds) / 2)
            missed, spread = self._observed - t, 1 - t * t
            if not self._alike:
                missed, spread = missed * self._weights, spread * self._weights
            by_one, by_odds = float(missed.sum()) / 2, float(missed @ log_odds) / 2
            one, both, odds = float(spread.sum()) / 4, float(spread @ log_odds) / 4, float(spread @ square) / 4
            largest = (one + odds + np.hypot(one - odds, 2 * both)) / 2
            determinant = one * odds - both * both
            if not (largest > NO_INFORMATION and determinant * SINGULAR > largest * largest):
                return None
            up, steeper = odds * by_one - both * by_odds, one * by_odds - both * by_one
            move = (abs(up) + abs(steeper) * reach) / determinant
            damped = (np.log1p(move) / move if move > 0 else 1.0) / determinant
            intercept, slope = float(intercept + up * damped), float(slope + steeper * damped)
            if not move > CLOSE_ENOUGH:
                return intercept, slope
        return None

    def _too_sure(self, log_odds: Numbers) -> bool:
        """Whether the log loss falls as the log-odds move towards their mean: a slope below 1 is better."""
        wrong = self._truth - (1 + np.tanh(log_odds / 2)) / 2
        if self._alike:
            return bool(wrong @ (log_odds - log_odds.mean()) < 0)
        middle = np.average(log_odds, weights=self._weights)
        return bool((self._weights * wrong) @ (log_odds - middle) < 0)

    def _loss(self, log_odds: Numbers) -> float:
        each = np.logaddexp(0.0, log_odds) - self._truth * log_odds
        return float(np.mean(each) if self._alike else np.average(each, weights=self._weights))
