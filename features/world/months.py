"""The calendar of the simulation: months as spans of microseconds since 1970."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from features.world.arrays import Codes, Instants

HOUR = 3_600_000_000
DAY = 24 * HOUR


@dataclass(frozen=True)
class Month:
    """One calendar month.

    index counts from the first month of the world, ordinal from January 1970. The month holds the instant at which
    it begins, not the one at which it ends.
    """

    index: int
    ordinal: int

    @property
    def begins(self) -> int:
        """The first instant of the month."""
        return int(first_instants(np.array([self.ordinal]))[0])

    @property
    def ends(self) -> int:
        """The first instant of the month after it."""
        return self.next.begins

    @property
    def days(self) -> int:
        """How many days the month has."""
        return (self.ends - self.begins) // DAY

    @property
    def next(self) -> "Month":
        """The month after it."""
        return Month(self.index + 1, self.ordinal + 1)

    @property
    def name(self) -> str:
        """The month in the name of a part, such as 2024-01."""
        return str(np.datetime64(self.ordinal, "M"))


def month_at(start: date, index: int) -> Month:
    """The month that lies index months after the one of start."""
    return Month(index, int(np.datetime64(start, "M").astype(np.int64)) + index)


def first_instants(ordinals: Codes) -> Instants:
    """The first instants of months that are given as months since January 1970."""
    return ordinals.astype("datetime64[M]").astype("datetime64[us]").astype(np.int64)


def ordinals_of(instants: Instants) -> Codes:
    """The months, since January 1970, that instants lie in."""
    return instants.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
