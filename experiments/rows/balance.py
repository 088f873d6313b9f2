"""Correction of rows that were balanced by their outcome (case-control sampling) to the stated churn rate."""

from dataclasses import dataclass
from math import log

import numpy as np

from experiments.metric import Numbers
from features.errors import DataError


@dataclass(frozen=True)
class Balance:
    """The churn rate of the population (stated) and of the rows (in_file), both in (0, 1).

    It assumes that the selection into the file depended on the outcome alone, not on other columns.
    Raises DataError where the rows have one outcome only, which no weights can correct.
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
        """The balance for a stated churn rate, None without one.

        churned, 0 or 1, gives the rate in the file unless in_file does.
        """
        return None if stated is None else cls(stated, float(churned.mean()) if in_file is None else in_file)

    @property
    def shift(self) -> float:
        """The correction to add to the log-odds of a probability learnt from the rows (Elkan 2001, theorem 2).

        Saerens, Latinne & Decaestecker (2002), equation 2.4, is the same in ratios of probabilities. It is the same for
        every customer, so it changes no ranking.
        """
        return log(self.stated / (1 - self.stated)) - log(self.in_file / (1 - self.in_file))

    def corrected(self, probability: float) -> float:
        """The population's value of a probability or share, in [0, 1], that holds among the rows."""
        bad = probability * self.stated / self.in_file
        return bad / (bad + (1 - probability) * (1 - self.stated) / (1 - self.in_file))

    def weights(self, churned: Numbers) -> Numbers | None:
        """The weight of each row, shape (n_rows,); None where the two rates are equal. churned is 0 or 1.

        A row with the bad outcome represents stated / in_file customers, another (1 - stated) / (1 - in_file)
        (Horvitz & Thompson 1952). Only ratios matter: the smaller of the two is scaled to 1.
        """
        if self.stated == self.in_file:
            return None
        bad, good = self.stated / self.in_file, (1 - self.stated) / (1 - self.in_file)
        least = min(bad, good)
        return np.where(churned == 1, bad / least, good / least)
