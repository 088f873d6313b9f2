"""The interface of a scorer's models, and the registry of their kinds."""

import os
from collections.abc import Callable
from typing import Protocol

from pipelines.models.scorers.reading import Numbers, Plain

# A thread has at least so many rows to predict, and asks for no more than so many at once.
ROWS_EACH, ROWS_AT_ONCE = 1024, 16_384
THREADS = min(2, os.cpu_count() or 1)


class Model(Protocol):
    """A model of a probability, or of a number such as an effect."""

    def predict(self, X: Numbers) -> Numbers:
        """Uncalibrated probability, or the number, shape (n_rows,)."""

    def contributions(self, X: Numbers) -> Numbers:
        """What each column adds to the log-odds of `predict`, or to its number, shape (n_rows, n_columns + 1).

        Last stands the baseline, what a model says of nobody in particular: each row adds up to the whole.
        """


# How a model of each kind is made, of what it keeps as JSON and of its texts; each kind's own file adds it.
KINDS: dict[str, Callable[[Plain, list[str]], Model]] = {}
