"""Source `simulated`: the demo business, for any number of customers and months, from a seed."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Literal

from pydantic import Field, field_validator

from features.schema import Table
from features.section import Day
from features.source import Part, Raw, Source, SourceOptions
from features.tables import CANONICAL
from features.world import delivery
from features.world import truth as hidden_truth
from features.world.months import month_at


class SimulatedOptions(SourceOptions):
    """The simulation: seed; customers, the number joined after 24 months; start, its first day."""

    kind: Literal["simulated"] = "simulated"
    seed: int = Field(7, ge=0, le=2**31 - 2)
    customers: int = Field(20_000, ge=1, le=10**8)
    months: int = Field(24, ge=1, le=1_200)
    start: Day = date(2024, 1, 1)

    @field_validator("start")
    @classmethod
    def _start_is_a_first(cls, start: date) -> date:
        if start.day != 1:
            raise ValueError(f"the world begins with a month, {start} is no first day of one; try {start:%Y-%m}-01")
        return start


def declare(_options: SimulatedOptions) -> Mapping[str, Table]:
    """All canonical tables."""
    return CANONICAL


def read(_raw: Raw, options: SimulatedOptions) -> Iterator[Part]:
    """The parts of every table, month by month; one month is in memory at a time."""
    return delivery.parts(seed=options.seed, customers=options.customers, months=options.months, start=options.start)


def extracted_at(options: SimulatedOptions) -> str:
    """The end of the last month: the parts hold what was known before it."""
    return f"{month_at(options.start, options.months).name}-01T00:00:00"


def truth(options: SimulatedOptions) -> Iterator[Part]:
    """The exact risk of leaving under each arm, a part per campaign; for tests only."""
    return hidden_truth.truth(
        seed=options.seed, customers=options.customers, months=options.months, start=options.start
    )


SOURCE = Source(
    kind="simulated",
    meaning="an invented subscription business, with campaigns, in which the truth is known",
    needs_files=False,
    dated=True,
    options=SimulatedOptions,
    declare=declare,
    read=read,
    extracted_at=extracted_at,
    truth=truth,
    newer=("seed", "customers", "months", "start"),
)
