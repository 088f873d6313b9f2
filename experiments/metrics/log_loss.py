"""Log loss: the mean negative log of the probability predicted for the actual outcome."""

import numpy as np

from experiments.metric import Metric, Numbers, weighted_mean

CLIP = float(np.finfo(np.float64).eps)


def log_loss(*, truth: Numbers, probability: Numbers, weights: Numbers) -> Numbers:
    """The mean of -ln of the probability given to what happened, in nats; 0 is perfect.

    truth and probability have shape (n_rows,), weights (draws, n_rows); returns shape (draws,).
    A probability nearer than 2.2e-16 to 0 or 1 counts as that far away, so one sure mistake costs 36 nats.
    """
    clipped = np.clip(probability, CLIP, 1 - CLIP)
    loss = -np.where(truth == 1, np.log(clipped), np.log1p(-clipped))
    return weighted_mean(loss, weights)


METRIC = Metric(
    name="log_loss",
    meaning="the mean surprise, in nats, of the probabilities at what happened",
    better="lower",
    unit="nats",
    kind="probability",
    function=log_loss,
)
