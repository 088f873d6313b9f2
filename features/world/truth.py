"""The exact risk of leaving of each simulated customer under each arm; for tests only."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice

import numpy as np
import pyarrow as pa

from features.schema import Column, Table
from features.source import Part
from features.world.arrays import Floats, Positions
from features.world.assembly import assemble
from features.world.campaigns import ARMS, is_due
from features.world.chapters import Chapter, unfold
from features.world.months import DAY, Month

LEAD_TIME_DAYS = 14
HORIZON_DAYS = 60

_MONTHS_OF_WINDOW = 3

TRUTH = Table(
    "truth",
    "the risk of leaving from day 14 to day 74 after the campaign's date, of a customer who is there on day 14, and the"
    " chance of leaving from the date to day 74",
    key=("customer_id", "as_of"),
    columns=(
        Column("customer_id", "text", "the customer"),
        Column("as_of", "timestamp", "the date of the campaign"),
        *(Column(f"risk_{arm}", "number", f"the risk under {arm}", unit="share", minimum=0, maximum=1) for arm in ARMS),
        *(
            Column(f"leaves_{arm}", "number", f"the chance under {arm}", unit="share", minimum=0, maximum=1)
            for arm in ARMS
        ),
    ),
)


@dataclass(frozen=True)
class _Window:
    month: Month
    customers: Positions
    effects: Floats
    of_risk: Floats
    of_effects: Floats

    def lived_through(self, chapter: Chapter) -> "_Window":
        """The window with the month's share of the rate integrals, from the opening and from the date."""
        hazard, opens = chapter.hazard[self.customers], self.month.begins + LEAD_TIME_DAYS * DAY
        closes = opens + HORIZON_DAYS * DAY
        of_risk, of_effects = (
            max(0, min(closes, chapter.month.ends) - max(since, chapter.month.begins)) / DAY * hazard
            for since in (opens, self.month.begins)
        )
        return replace(self, of_risk=self.of_risk + of_risk, of_effects=self.of_effects + of_effects)


def truth(*, seed: int, customers: int, months: int, start: date) -> Iterator[Part]:
    """The exact risks of every customer at each campaign of the first months, a part per campaign."""
    window: _Window | None = None
    for chapter in islice(unfold(seed=seed, customers=customers, start=start), months + _MONTHS_OF_WINDOW - 1):
        if is_due(chapter.month) and chapter.month.index < months:
            here = chapter.active
            nothing = np.zeros(len(here))
            window = _Window(chapter.month, here, chapter.effects[:, here], nothing, nothing)
        if window is None:
            continue
        window = window.lived_through(chapter)
        if chapter.month.index == window.month.index + _MONTHS_OF_WINDOW - 1:
            yield Part(TRUTH.name, window.month.name, _rows(window))
            window = None


def _rows(window: _Window) -> pa.Table:
    integrals = {"risk": window.of_risk, "leaves": window.of_effects}
    chances = {name: -np.expm1(-integral * window.effects) for name, integral in integrals.items()}
    columns = {f"{name}_{arm}": one[place] for name, one in chances.items() for place, arm in enumerate(ARMS)}
    as_of = np.full(len(window.customers), window.month.begins)
    return assemble(TRUTH, {"customer_id": window.customers, "as_of": as_of, **columns})
