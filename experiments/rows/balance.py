"""Rows that were balanced by their outcome: the share in the file, the stated share, and what undoes the difference."""

from dataclasses import dataclass
from math import log

import numpy as np

from experiments.metric import Numbers
from features.errors import DataError


@dataclass(frozen=True)
class Balance:
    """The share who churn in the population (stated) and among the rows (in_file), both in (0, 1).

    Who is in the file depends on the outcome alone, not on anything else that is known of a customer.
    Raises DataError where the rows hold one outcome only: no weights make the other of nothing.
    """

    stated: float
    in_file: float

    def __post_init__(self) -> None:
        """Refuse rows of one outcome."""
        if not 0 < self.in_file < 1:
            raise DataError(
                f"label.prior is {self.stated:g}, but a share of {self.in_file:g} of the rows has the bad outcome; a"
                " stated share can only correct rows that hold both outcomes."
            )

    @classmethod
    def of(cls, stated: float | None, churned: Numbers, in_file: float | None = None) -> "Balance | None":
        """That of a stated share; in_file where it is not that of these rows, 0 or 1 each. None without one."""
        return None if stated is None else cls(stated, float(churned.mean()) if in_file is None else in_file)

    @property
    def shift(self) -> float:
        """What is added to the log-odds of a probability learnt from the rows (Elkan 2001, theorem 2).

        Saerens, Latinne & Decaestecker (2002), equation 2.4, is the same in ratios of probabilities. It is the same for
        every customer, so it changes no ranking.
        """
        return log(self.stated / (1 - self.stated)) - log(self.in_file / (1 - self.in_file))

    def corrected(self, probability: float) -> float:
        """A probability or share that holds among the rows, in [0, 1], as it is in the population."""
        bad = probability * self.stated / self.in_file
        return bad / (bad + (1 - probability) * (1 - self.stated) / (1 - self.in_file))

    def weights(self, churned: Numbers) -> Numbers | None:
        """How many rows each stands for, shape (n_rows,); None where the shares are equal. churned is 0 or 1.

        A row with the bad outcome stands for stated / in_file customers, another for (1 - stated) / (1 - in_file)
        (Horvitz & Thompson 1952). Only ratios matter: the smaller of the two is made 1.
        """
        if self.stated == self.in_file:
            return None
        bad, good = self.stated / self.in_file, (1 - self.stated) / (1 - self.in_file)
        least = min(bad, good)
        return np.where(churned == 1, bad / least, good / least)
