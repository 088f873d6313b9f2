"""Spec section `observations`: the observation dates to learn from."""

from typing import Literal, Protocol

from pydantic import Field

from experiments.sections.section import MOST_MONTHS, Day, Section, SomeDays


class ObservationSpec(Section):
    """Which dates to learn from: every `every_months` months from `first`, up to the end of the data.

    engine builds the features; the values are the same on both. A feature whose window is longer than look_back_days
    is left out.
    """

    engine: Literal["duckdb", "spark"] = "duckdb"
    first: Day
    every_months: int = Field(1, ge=1, le=MOST_MONTHS)
    look_back_days: SomeDays = 180


class HasObservations(Protocol):
    """A spec as far as it gives the observation dates; None where the data have no dates."""

    @property
    def observations(self) -> ObservationSpec | None:
        """The section."""
